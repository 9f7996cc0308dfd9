"""The WSGI application: Django's own, which does around a call only what a call needs.

Around a page Django tells its signals that a request begins and ends, twice looks over all connections, clears what it
kept for debugging, and closes caches. A call uses one connection, which is looked at once, before it.
"""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.http import HttpRequest
from django.urls import set_script_prefix
from django.utils.log import log_response

from tokens.problems import DOCS_PATH, PREFIX


class Application(WSGIHandler):
    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX) or path == DOCS_PATH:
            return super().__call__(environ, start_response)
        if prefix := environ.get("SCRIPT_NAME"):
            set_script_prefix(prefix)
        connections["default"].close_if_unusable_or_obsolete()
        request = self.request_class(environ)
        response = self.respond(request)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        request.close()
        return response if response.streaming else [response.content]

    def respond(self, request: HttpRequest) -> Any:
        response: Any = self._middleware_chain(request)  # type: ignore[attr-defined]
        if response.status_code >= 400:
            log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        return response
