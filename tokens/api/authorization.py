"""What an endpoint needs of its caller: a scope, such as `account:read`; "" is content with any token."""

from typing import Any

from django.conf import settings

from tokens.protect.ninja import TokenAuth

needs = TokenAuth


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
