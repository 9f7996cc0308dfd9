"""The door of the API, and the first step on the way of a call: it reads the credential and hands on who calls."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from accounts.actor import user_agent_of
from accounts.address import client_address
from config import headers
from config.headers import Prepared
from config.limiter import Window
from config.quick import settings
from tokens import lifecycle, protocol, refusals, throttling, uses
from tokens.authentication import authenticate, read_credential
from tokens.ledger import ledger
from tokens.models import Token
from tokens.problems import ROOT, is_api_path, problem_of
from tokens.refusals import Refused

ME_PATH = f"{ROOT}me"
EXPIRY_TOLD_WITHIN = timedelta(days=30)


class TokenMiddleware:
    """Sets `request.user`, `request.token` and `request.auth` on API paths. Pages never get here with a token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_api_path(request):
            return self.get_response(request)
        now, address = timezone.now(), client_address(request)
        try:
            token = admit(request, now=now, address=address)
            response = protocol.answer(request, self.get_response)
            refused = getattr(request, "refused", None)
        except Refused as error:
            # Without the frames it came through, which hold this one and would wait for the garbage collector with it.
            token, refused, response = error.token, error.with_traceback(None), problem_of(error)
        if token:
            note(request, token, refused, now=now, address=address)
        tell(request, response, token, now)
        return protocol.complete(request, response)


def admit(request: HttpRequest, *, now: datetime, address: str) -> Token | None:
    """The token of the call, which from here on speaks for its owner."""
    gate = partial(throttling.refuse_flood, address)
    try:
        text = read_credential(credentials_in(request))
        token = authenticate(text, now=now, address=address, reads_me=reads_me(request), gate=gate)
    except Refused as error:
        if error.token:
            count(request, error.token, is_good=False)
        elif error.refusal is not refusals.RATE_LIMITED:
            throttling.count_refusal(address)
        raise
    request.is_admitted = True  # type: ignore[attr-defined]  # for the guards of views, which then only ask for a scope
    request.token = request.auth = token  # type: ignore[attr-defined]
    request.user = token.owner if token else AnonymousUser()
    if token and text:
        count(request, token)
        lifecycle.redigest(token=token, text=text)
    return token


def count(request: HttpRequest, token: Token, *, is_good: bool = True) -> None:
    window = throttling.count_call(token, is_good=is_good)
    request.window = window  # type: ignore[attr-defined]  # for the headers
    throttling.refuse_spent(window, token)


def credentials_in(request: HttpRequest) -> dict[str, str]:
    """The headers that may hold one, looked up by themselves: `request.headers` would be all of them."""
    meta = request.META
    return {name: meta[key] for name, key in keys_of("Authorization", *settings.TOKEN_EXTRA_HEADERS) if key in meta}


@functools.cache
def keys_of(*names: str) -> list[tuple[str, str]]:
    """Under which key WSGI hands on a header (PEP 3333)."""
    return [(name, f"HTTP_{name.upper().replace('-', '_')}") for name in names]


def reads_me(request: HttpRequest) -> bool:
    return request.path_info == ME_PATH and request.method in {"GET", "HEAD"}


def note(request: HttpRequest, token: Token, refused: Refused | None, *, now: datetime, address: str) -> None:
    if refused:
        ledger.note_refusal(token, refused.refusal.code, now=now, address=address)
        return
    method = getattr(request, "original_method", request.method or "")  # of the call that a proxy asks about
    uses.note_use(token, now=now, address=address, user_agent=user_agent_of(request), method=method)


def tell(request: HttpRequest, response: HttpResponseBase, token: Token | None, now: datetime) -> None:
    """What the headers of an answer say."""
    if token:
        tell_expiry(response, token, now)
        tell_limit(response, request.window)  # type: ignore[attr-defined]
    headers.put_missing(response, "Cache-Control", "no-store")
    names = varied_by(*settings.TOKEN_EXTRA_HEADERS)
    if response.has_header("Vary"):
        patch_vary_headers(response, names.split(", "))
    else:
        headers.put_missing(response, "Vary", names)


@functools.cache
def varied_by(*extra: str) -> str:
    return ", ".join(["Authorization", *extra])


def tell_limit(response: HttpResponseBase, window: Window) -> None:
    """draft-ietf-httpapi-ratelimit-headers-10: lists of one quota, as structured fields (RFC 9651).

    And the three words of its earlier versions, which programs in the field read.
    """
    headers.put(response, quota(window.limit))
    remaining, seconds = str(window.remaining), str(window.seconds_left)
    told = {
        "ratelimit": ("RateLimit", f'"calls";r={remaining};t={seconds}'),
        "ratelimit-remaining": ("RateLimit-Remaining", remaining),
        "ratelimit-reset": ("RateLimit-Reset", seconds),
    }
    headers.put(response, told)


@functools.cache
def quota(limit: int) -> Prepared:
    policy = f'"calls";q={limit};w={throttling.CALLS_WINDOW_SECONDS}'
    return headers.prepared({"RateLimit-Policy": policy, "RateLimit-Limit": str(limit)})


def tell_expiry(response: HttpResponseBase, token: Token, now: datetime) -> None:
    """A program can warn its people in time: RFC 3339, in the last thirty days."""
    ends_at = token.ends_at
    if ends_at and now < ends_at <= now + EXPIRY_TOLD_WITHIN:
        told = ends_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        headers.put(response, {"tokenrack-token-expires": ("Tokenrack-Token-Expires", told)})
