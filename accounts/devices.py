"""Which browsers a person has signed in with before: a signed cookie says so, and nothing is stored about it.

A known browser has an allowance of wrong passwords of its own, so that a stranger who guesses cannot lock its person
out (OWASP, "device cookies"); the first sign-in of an unknown one is told by letter.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

SALT = "accounts.devices"
LASTS_SECONDS = 365 * 24 * 3600
MOST_PEOPLE = 5


def mark_of(email: str) -> str:
    """Stands for an address in the cookie, which so tells nobody whose browser it is."""
    return salted_hmac(SALT, email.lower(), algorithm="sha256").hexdigest()[:22]


def read(request: HttpRequest) -> dict[str, str]:
    """Of each person who signed in with this browser, its number. Empty for a cookie that is not ours."""
    try:
        found: Any = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=LASTS_SECONDS
        )
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def known_as(request: HttpRequest, email: str) -> str:
    """The number under which this browser is known to belong to the person; "" where it never signed in as them."""
    return read(request).get(mark_of(email), "")


def remember(request: HttpRequest, email: str) -> bool:
    """Note the browser for the answer to take along. Whether it is new to this person."""
    known = read(request)
    is_new = mark_of(email) not in known
    number = known.pop(mark_of(email), "") or secrets.token_urlsafe(12)
    latest = dict(list(known.items())[-MOST_PEOPLE + 1 :])
    request.devices = latest | {mark_of(email): number}  # type: ignore[attr-defined]
    return is_new


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
