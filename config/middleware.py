"""Two ways in: pages go through all middleware, calls past what only pages need; both get a number and headers."""

import os
from collections.abc import Callable
from typing import Any

from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase, ResponseHeaders

from config import probes
from config.logs import current_request_id
from tokens import forward_auth, protocol
from tokens.middleware import TokenMiddleware
from tokens.problems import is_call, problem

GetResponse = Callable[[HttpRequest], Any]

HEADERS = ResponseHeaders(
    {
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
)


class DoorsMiddleware:
    """The first of all middleware. A session cookie means nothing to a call, and a token nothing to a page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.page = get_response
        self.call = TokenMiddleware(innermost(get_response))
        self.headers = headers_of_calls()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        number = number_of(request)
        if not is_call(request):
            response = self.probe(request) or complete(self.page(request), HEADERS)
        elif request.path_info == forward_auth.PATH:
            response = forward_auth.answer(request, lambda call: complete(self.call(call), self.headers))
        else:
            response = complete(fault_of(request) or self.call(request), self.headers)
        response.headers["Request-Id"] = number
        return response

    def probe(self, request: HttpRequest) -> Any:
        response = probes.answer(request)
        return complete(response, self.headers) if response else None


def innermost(get_response: GetResponse) -> GetResponse:
    """The way to the view alone: Django wraps each middleware around the next, and the last around the view."""
    while hasattr(layer := get_response.__wrapped__, "get_response"):  # type: ignore[attr-defined]
        get_response = layer.get_response
    return get_response


def headers_of_calls() -> ResponseHeaders:
    """What the middleware of pages would add, made once instead of for every answer."""
    headers = {
        **HEADERS,
        "Content-Security-Policy": build_policy(),
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
    }
    if settings.SECURE_HSTS_SECONDS:
        headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return ResponseHeaders(headers)


def number_of(request: HttpRequest) -> str:
    digits = os.urandom(4).hex()
    request.id = number = f"{digits[:4]}-{digits[4:]}"  # type: ignore[attr-defined]
    current_request_id.set(number)
    return number


def fault_of(request: HttpRequest) -> Any:
    """Why a call is not even read. A redirect would hide that a token went over the wire in clear."""
    try:
        request.get_host()
    except DisallowedHost:
        return protocol.complete(request, problem(400, "bad_request", "The request cannot be understood."))
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return protocol.complete(request, problem(403, "https_required", "Calls are answered over https only."))
    return None


def complete(response: Any, headers: Any) -> Any:
    """Private by default: nothing that a view answers is stored anywhere, unless the view says otherwise."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers._store.update(headers._store)  # all at once, for each was checked when it was first set
    return response
