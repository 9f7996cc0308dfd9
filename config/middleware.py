"""Headers for every answer, a number for every request, and what only pages need kept away from API calls."""

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware as DjangoMessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse

from config.logs import current_request_id
from tokens.problems import is_api_path

GetResponse = Callable[[HttpRequest], HttpResponse]


class HeadersMiddleware:
    """Private by default: nothing that a view answers is stored anywhere, unless the view says otherwise."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}"
        request.id = number  # type: ignore[attr-defined]
        current_request_id.set(number)
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Request-Id"] = number
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        return response


class PagesOnly:
    """Mixed into a middleware that API calls do not need: a session cookie means nothing to them."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_api_path(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class SessionMiddleware(PagesOnly, DjangoSessionMiddleware):
    pass


class AuthenticationMiddleware(PagesOnly, DjangoAuthenticationMiddleware):
    pass


class MessageMiddleware(PagesOnly, DjangoMessageMiddleware):
    pass
