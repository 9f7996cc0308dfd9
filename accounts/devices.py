"""Which browsers a person has signed in with before: a signed cookie says so, and nothing is stored about it.

A known browser has an allowance of wrong passwords of its own, so that a stranger who guesses cannot lock its person
out (OWASP, "device cookies"); the first sign-in of an unknown one is told by letter.
"""

import secrets
import time
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from accounts.models import User

SALT = "accounts.devices"
LASTS_SECONDS = 365 * 24 * 3600
MOST_PEOPLE = 5

Note = tuple[str, float]


def mark_of(email: str) -> str:
    """Stands for an address in the cookie, which so tells nobody whose browser it is."""
    return salted_hmac(SALT, email.lower(), algorithm="sha256").hexdigest()[:22]


def read(request: HttpRequest) -> dict[str, Note]:
    """Of each person who signed in with this browser, its number and when that was. Empty for a cookie not ours."""
    try:
        found: Any = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=LASTS_SECONDS
        )
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def known_as(request: HttpRequest, email: str) -> str:
    """The number under which this browser is known to belong to the person; "" where it never signed in as them.

    Nor since they changed their password or all their sessions were ended: what a thief had ends with that.
    """
    number, at = read(request).get(mark_of(email), ("", 0.0))
    if not number:
        return ""
    ends = User.objects.filter(email=email.lower()).values_list("password_changed_at", "sessions_ended_at").first()
    latest = max((moment.timestamp() for moment in ends or () if moment), default=0.0)
    return number if at >= latest else ""


def remember(request: HttpRequest, email: str) -> bool:
    """Note the browser for the answer to take along. Whether it is new to this person."""
    number = known_as(request, email)
    others = {mark: note for mark, note in read(request).items() if mark != mark_of(email)}
    latest = dict(list(others.items())[-MOST_PEOPLE + 1 :])
    noted = (number or secrets.token_urlsafe(12), time.time())
    request.devices = latest | {mark_of(email): noted}  # type: ignore[attr-defined]
    return not number


def set_cookie(request: HttpRequest, response: HttpResponse) -> None:
    devices = getattr(request, "devices", None)
    if devices:
        response.set_cookie(
            settings.DEVICE_COOKIE_NAME,
            signing.dumps(devices, salt=SALT),
            max_age=LASTS_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
