"""What an endpoint needs of its caller."""

from collections.abc import Callable

from django.http import HttpRequest

from tokens.authentication import require_scope
from tokens.models import Token


def needs(scope: str) -> Callable[[HttpRequest], Token]:
    """For ninja's `auth`: a token that allows the scope, such as `account:read`; "" is content with any token."""

    def authorize(request: HttpRequest) -> Token:
        return require_scope(request.token, scope)  # type: ignore[attr-defined]

    return authorize
