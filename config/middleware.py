"""Two ways in: pages go through all middleware, calls past what only pages need; both get a number and headers."""

import functools
import random
from collections.abc import Callable
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from django.http.response import HttpResponseBase

from config import headers, probes
from config.endpoints import endpoint
from config.headers import Prepared
from config.logs import current_request_id
from config.quick import settings
from tokens import forward_auth, protocol
from tokens.middleware import TokenMiddleware
from tokens.problems import is_call, problem

GetResponse = Callable[[HttpRequest], Any]

HEADERS = headers.prepared(
    {
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
)


class DoorsMiddleware:
    """The first of all middleware. A session cookie means nothing to a call, and a token nothing to a page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.page = get_response
        self.call: Callable[[HttpRequest], Any] = convert_exception_to_response(TokenMiddleware(endpoint))
        self.headers = headers_of_calls()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        number = number_of(request)
        if not is_call(request):
            response = self.probe(request) or complete(self.page(request), HEADERS)
        elif request.path_info == forward_auth.PATH:
            response = forward_auth.answer(request, lambda call: complete(self.call(call), self.headers))
        else:
            response = complete(fault_of(request) or self.call(request), self.headers)
        headers.put(response, {"request-id": ("Request-Id", number)})
        return response

    def probe(self, request: HttpRequest) -> Any:
        response = probes.answer(request)
        return complete(response, self.headers) if response else None


def headers_of_calls() -> Prepared:
    """What only a page heeds stays out: each header is work, here and on the way."""
    transport = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    always = {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        **({"Strict-Transport-Security": transport} if settings.SECURE_HSTS_SECONDS else {}),
    }
    return headers.prepared(always)


def number_of(request: HttpRequest) -> str:
    """Told apart, not kept secret; asking the system for it would let go of the interpreter in the middle of a call."""
    digits = f"{random.getrandbits(32):08x}"
    request.id = number = f"{digits[:4]}-{digits[4:]}"  # type: ignore[attr-defined]
    current_request_id.set(number)
    return number


def fault_of(request: HttpRequest) -> Any:
    """Why a call is not even read. A redirect would hide that a token went over the wire in clear."""
    if not is_ours(request.META.get("HTTP_HOST", ""), tuple(settings.ALLOWED_HOSTS)):
        return protocol.complete(request, problem(400, "bad_request", "The request cannot be understood."))
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return protocol.complete(request, problem(403, "https_required", "Calls are answered over https only."))
    return None


@functools.lru_cache(maxsize=256)
def is_ours(host: str, allowed: tuple[str, ...]) -> bool:
    """As `get_host` has it. HTTP/1.0 knows calls without a host."""
    domain, _ = split_domain_port(host)
    return not host or (bool(domain) and validate_host(domain, allowed))


def complete(response: Any, always: Prepared) -> Any:
    """Private by default: nothing that a view answers is stored anywhere, unless the view says otherwise."""
    headers.put_missing(response, "Cache-Control", "no-store")
    headers.put(response, always)
    headers.hand_on(response)
    return response
