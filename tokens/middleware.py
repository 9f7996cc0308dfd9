"""The door of the API, and the first step on the way of a call: it reads the credential and hands on who calls."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.actor import user_agent_of
from accounts.address import client_address
from tokens import lifecycle, throttling, uses
from tokens.authentication import authenticate, read_credential
from tokens.hashing import newest_pepper
from tokens.ledger import ledger
from tokens.models import Token
from tokens.problems import as_problem, is_api_path, problem_of
from tokens.refusals import Refused

ME_PATH = f"{settings.API_PATH_PREFIX}v1/me"
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
            response = as_problem(self.get_response(request))
            refused = getattr(request, "refused", None)
        except Refused as error:
            token, refused, response = error.token, error, problem_of(error)
        if token:
            note(request, token, refused, now=now, address=address)
            tell_expiry(response, token, now)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def admit(request: HttpRequest, *, now: datetime, address: str) -> Token | None:
    """The token of the call, which from here on speaks for its owner."""
    try:
        text = read_credential(request.headers)
        token = authenticate(text, now=now, address=address, reads_me=reads_me(request))
    except Refused:
        throttling.count_refusal(address)
        raise
    request.token = request.auth = token  # type: ignore[attr-defined]
    request.user = token.owner if token else AnonymousUser()
    if token and text:
        throttling.count_call(token)
        if token.pepper != newest_pepper():
            lifecycle.redigest(token=token, text=text)
    return token


def reads_me(request: HttpRequest) -> bool:
    return request.path_info == ME_PATH and request.method in {"GET", "HEAD"}


def note(request: HttpRequest, token: Token, refused: Refused | None, *, now: datetime, address: str) -> None:
    if refused:
        ledger.note_refusal(token, refused.refusal.code, now=now, address=address)
        return
    method = getattr(request, "original_method", request.method or "")  # of the call that a proxy asks about
    uses.note_use(token, now=now, address=address, user_agent=user_agent_of(request), method=method)


def tell_expiry(response: HttpResponse, token: Token, now: datetime) -> None:
    """A program can warn its people in time: RFC 3339, in the last thirty days."""
    ends_at = min(filter(None, [token.expires_at, token.stops_at]), default=None)
    if ends_at and now < ends_at <= now + EXPIRY_TOLD_WITHIN:
        response.headers["Tokenrack-Token-Expires"] = ends_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
