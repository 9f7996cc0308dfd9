"""The door of a single view. Behind the middleware it asks for the scope only; elsewhere it is the middleware too."""

from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.address import client_address
from tokens import scopes
from tokens.authentication import require_scope
from tokens.middleware import admit, note, tell
from tokens.models import Token
from tokens.problems import problem_of
from tokens.refusals import Refused

Response = TypeVar("Response", bound=HttpResponseBase)


def checked(needed: str) -> str:
    """A misspelt resource would shut everybody out, so it stops the start."""
    if needed and not scopes.is_scope(scopes.needed_for("GET", needed)):
        raise ImproperlyConfigured(f"{needed!r} is neither a resource of TOKEN_RESOURCES nor a scope of one.")
    return needed


def let_in(request: HttpRequest, needed: str) -> Token:
    """The token of the call, which allows what is needed; raises Refused. Sets `request.user`, `.token`, `.auth`."""
    scope = scopes.needed_for(request.method, needed)
    if not hasattr(request, "is_admitted"):
        return let_in_here(request, scope)
    try:
        token = require_scope(request.token, scope)  # type: ignore[attr-defined]
    except Refused as error:
        request.refused = error  # type: ignore[attr-defined]  # for the middleware, which counts it
        raise
    request.user = token.owner  # a middleware for sessions may have come in between
    return token


def let_in_here(request: HttpRequest, scope: str) -> Token:
    """All that the middleware does for a call, in front of one view."""
    now, address = timezone.now(), client_address(request)
    has_visitor, visitor = hasattr(request, "user"), getattr(request, "user", None)
    try:
        token = require_scope(admit(request, now=now, address=address), scope)
    except Refused as error:
        if has_visitor:  # whose session means nothing here, but the middleware of pages looks at it afterwards
            request.user = visitor  # type: ignore[assignment]
        if error.token:
            note(request, error.token, error, now=now, address=address)
        raise
    note(request, token, None, now=now, address=address)
    request.let_in_at = now  # type: ignore[attr-defined]
    return token


def told(request: HttpRequest, response: Response) -> Response:
    """An answer with the headers that the middleware would have given it."""
    if hasattr(request, "let_in_at"):
        tell(request, response, request.token, request.let_in_at)  # type: ignore[attr-defined]
    return response


def turned_away(request: HttpRequest, error: Refused) -> HttpResponse:
    response = problem_of(error)
    tell(request, response, error.token, timezone.now())
    return response
