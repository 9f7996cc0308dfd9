"""The JSON API. On the way of a call it stands behind the middleware: `api → lifecycle`."""
