"""What an endpoint needs of its caller."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tokens.authentication import require_scope
from tokens.models import Token


class needs:  # noqa: N801 - reads as a word: auth=needs("tokens:write")
    """For ninja's `auth`: a token that allows the scope, such as `account:read`; "" is content with any token."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Token:
        return require_scope(request.token, self.scope)  # type: ignore[attr-defined]


def security_schemes() -> dict[str, Any]:
    """How a credential is sent, in OpenAPI's words."""
    token = {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Token trk_…`, the word and the text.",
    }
    bearer = {"type": "http", "scheme": "bearer", "description": "RFC 6750, section 2.1."}
    extra = {
        name: {"type": "apiKey", "in": "header", "name": name, "description": "The text alone."}
        for name in settings.TOKEN_EXTRA_HEADERS
    }
    return {"bearer": bearer, "token": token, **extra}
