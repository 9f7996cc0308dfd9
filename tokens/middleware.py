"""The door of the API, and the first step on the way of a call: it reads the credential and hands on who calls."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.address import client_address
from tokens import lifecycle, throttling, usage
from tokens.authentication import authenticate, read_credential
from tokens.hashing import newest_pepper
from tokens.problems import as_problem, is_api_path, problem_of
from tokens.refusals import Refused


class TokenMiddleware:
    """Sets `request.user`, `request.token` and `request.auth` on API paths. Pages never get here with a token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_api_path(request):
            return self.get_response(request)
        try:
            self.admit(request)
        except Refused as refused:
            return problem_of(refused)
        response = as_problem(self.get_response(request))
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def admit(self, request: HttpRequest) -> None:
        now, address = timezone.now(), client_address(request)
        try:
            text = read_credential(request.headers)
            token = authenticate(text, now=now, address=address)
        except Refused:
            throttling.count_refusal(address)
            raise
        request.token = request.auth = token  # type: ignore[attr-defined]
        request.user = token.owner if token else AnonymousUser()
        if token and text:
            throttling.count_call(token)
            usage.note_use(token, now=now, address=address)
            if token.pepper != newest_pepper():
                lifecycle.redigest(token=token, text=text)
