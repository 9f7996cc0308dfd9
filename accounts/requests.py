"""What a request is once a guard has let it through."""

from django.http import HttpRequest

from accounts.models import User


class PersonRequest(HttpRequest):
    """Of somebody who is signed in: login_required and its like have seen to it."""

    user: User
