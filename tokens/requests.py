"""What a request is once the middleware has let it through."""

from django.http import HttpRequest

from accounts.models import User
from tokens.models import Token


class CallRequest(HttpRequest):
    """A call that an endpoint has admitted: it came with a token, and acts for the token's owner."""

    user: User
    token: Token
    auth: Token
