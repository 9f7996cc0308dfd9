"""What "recent sign-in" means, for every act that asks for one."""

import functools
import time
from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.request import HttpHeaders

View = Callable[..., HttpResponse]


def signed_in_recently(request: HttpRequest) -> bool:
    """A fresh sign-in counts as much as a password typed again; django-allauth alone counts only the latter."""
    records = get_authentication_records(request, request.user)
    latest = max((record["at"] for record in records), default=0)
    return time.time() - latest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def recent_sign_in_required(view: View) -> View:
    """Ask for the password first. django-allauth keeps an interrupted form and sends it on afterwards."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        ask_for_sign_in(request)
        return view(request, *args, **kwargs)

    return login_required(guarded)


def ask_for_sign_in(request: HttpRequest) -> None:
    """Raise what django-allauth answers with its page, unless the sign-in is recent.

    It keeps an interrupted form in the session, headers and all: without the ones that hold secrets, and without a
    form of an earlier interruption, which must not be sent by whoever confirms a later one.
    """
    if signed_in_recently(request):
        return
    request.session.pop(STATE_SESSION_KEY, None)
    for header in ("Authorization", "Cookie", *settings.TOKEN_EXTRA_HEADERS):
        request.META.pop(HttpHeaders.to_wsgi_name(header), None)
    raise ReauthenticationRequired
