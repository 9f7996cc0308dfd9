"""Django's backend for PostgreSQL, for servers that may stop, freeze or move while calls come in."""
