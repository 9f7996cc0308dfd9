"""The Admin area: every token and every member of one organization, for its administrators."""
