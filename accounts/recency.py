"""What "recent sign-in" means, for every act that asks for one: the rule, the decorator, the form that waits."""

import functools
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import resolve

from accounts.models import User

View = Callable[..., HttpResponseBase]


def signed_in_recently(request: HttpRequest) -> bool:
    """A fresh sign-in counts as much as a confirmation. With a second factor, only a proof of that one counts."""
    records = get_authentication_records(request, request.user)
    if isinstance(request.user, User) and request.user.second_factor_at:
        records = [record for record in records if record["method"] == "mfa"]
    latest = max((record["at"] for record in records), default=0)
    return time.time() - latest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def recent_sign_in_required(view: View) -> View:
    """Ask for a confirmation first, and go on with the interrupted form afterwards."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        ask_for_sign_in(request)
        return view(request, *args, **kwargs)

    return login_required(guarded)


def ask_for_sign_in(request: HttpRequest) -> None:
    """Raise what leads to the page that asks, unless the sign-in is recent.

    A form of an earlier interruption is forgotten: it must not be sent by whoever confirms a later one.
    """
    if signed_in_recently(request):
        return
    request.session.pop(STATE_SESSION_KEY, None)
    if request.method == "POST" and not holds_password(request.POST):
        request.session[STATE_SESSION_KEY] = {"callback": f"{__name__}.resume", "state": kept(request)}
    ways = get_adapter(request).get_reauthentication_methods(request.user)
    page = ways[0]["url"] if ways else resolve_url(settings.LOGIN_URL)
    raise ImmediateHttpResponse(redirect(f"{page}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}"))


def kept(request: HttpRequest) -> dict[str, str]:
    """What was typed, and where it was sent to. No header: those are of whoever confirms, and some hold secrets."""
    return {"address": request.get_full_path(), "path_info": request.path_info, "fields": request.POST.urlencode()}


def holds_password(fields: QueryDict) -> bool:
    """Such a form is typed again: the session is no place for a password."""
    return any("password" in name for name in fields)


def resume(request: HttpRequest, form: dict[str, str]) -> HttpResponse | None:
    """Send the form on, as a part of the request that confirmed. django-allauth calls this by its name in the session.

    None, which leads to the page that was asked for, where the person confirmed for another page than the form's.
    """
    if get_next_redirect_url(request) != form["address"]:
        return None
    target = urlsplit(form["address"])
    request.method = "POST"
    request.path, request.path_info = target.path, form["path_info"]
    request.GET, request.POST = QueryDict(target.query), QueryDict(form["fields"])
    request.META = request.META | {"PATH_INFO": request.path_info, "QUERY_STRING": target.query}
    request.resolver_match = match = resolve(request.path_info)
    return match.func(request, *match.args, **match.kwargs)
