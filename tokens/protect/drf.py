"""Django REST framework: a class for `authentication_classes`. Only who imports this module needs the framework."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from accounts.models import User
from tokens.models import Token
from tokens.problems import challenge
from tokens.protect.door import checked, let_in, told, turned_away
from tokens.refusals import Refused


class NotLetIn(APIException):
    """Ends the view by the framework's own way."""

    def __init__(self, error: Refused) -> None:
        super().__init__(error.refusal.title, error.refusal.code)
        self.status_code = error.refusal.status


class TokenAuthentication(BaseAuthentication):
    """Opens a view to tokens that allow what is needed, and to nobody else: without one it refuses by itself."""

    needed = ""

    def authenticate(self, request: Request) -> tuple[User, Token]:
        call, view = request._request, request.parser_context["view"]
        try:
            token = let_in(call, self.needed)
        except Refused as error:
            answer = turned_away(call, error)
            answer_through(view, lambda _: answer)
            raise NotLetIn(error) from None
        answer_through(view, partial(told, call))
        return token.owner, token

    def authenticate_header(self, request: HttpRequest) -> str:
        return challenge("", "", "")


def token_authentication(needed: str) -> type[TokenAuthentication]:
    return type("TokenAuthentication", (TokenAuthentication,), {"needed": checked(needed)})


def answer_through(view: Any, last_touch: Callable[[HttpResponseBase], HttpResponseBase]) -> None:
    """The framework makes a view for each request, so this one's last step can be followed by another."""
    finalize = view.finalize_response

    def finalize_and_touch(*args: Any, **kwargs: Any) -> HttpResponseBase:
        return last_touch(finalize(*args, **kwargs))

    view.finalize_response = finalize_and_touch
