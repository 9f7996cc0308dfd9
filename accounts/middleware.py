"""What a page needs to know of who reads it: whether the session still holds, the browser, the time zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import devices, sessions
from accounts.actor import user_agent_of

GetResponse = Callable[[HttpRequest], HttpResponse]


class PageMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response


class ProgramMiddleware(PageMiddleware):
    """What a browser says of itself goes into rows and letters of libraries too: to them as we would keep it."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META["HTTP_USER_AGENT"] = user_agent_of(request)
        return self.get_response(request)


class SessionLifetimeMiddleware(PageMiddleware):
    """A session that was idle for too long, or is too old, is over. That is no sign-out: no token is revoked by it.

    However it ends, the browser is told to drop the pages it keeps for the back button.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_signed_in = request.user.is_authenticated
        if was_signed_in:
            if sessions.is_over(request):
                sessions.forget(request)
                request.user = AnonymousUser()
                messages.info(request, "You were signed out after a time without activity. Sign in again to go on.")
            else:
                sessions.touch(request)
        response = self.get_response(request)
        if was_signed_in and not request.user.is_authenticated:
            response.headers["Clear-Site-Data"] = '"cache"'
        return response


class DeviceMiddleware(PageMiddleware):
    """Lets the answer to a sign-in take the note along that this browser is known."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        devices.set_cookie(request, response)
        return response


class TimeZoneMiddleware(PageMiddleware):
    """Pages speak in the time zone of whoever reads them."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.user.time_zone if request.user.is_authenticated else ""
        with timezone.override(ZoneInfo(name) if name else None):
            return self.get_response(request)
