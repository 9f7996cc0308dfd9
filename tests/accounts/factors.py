"""People with a second factor, and the codes that their app shows."""

import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt
from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD

STEP_SECONDS = 30


def give_app(person: User) -> Authenticator:
    """As if set up some time ago: with recovery codes, and no code used lately."""
    factor = TOTP.activate(person, generate_totp_secret()).instance
    RecoveryCodes.activate(person)
    person.refresh_from_db()
    return factor


def code_of(secret: str, *, steps_ahead: int = 0) -> str:
    """What the app shows now, or some half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // STEP_SECONDS + steps_ahead))


def app_code(person: User, *, steps_ahead: int = 0) -> str:
    factor = Authenticator.objects.get(user=person, type="totp")
    return code_of(decrypt(factor.data["secret"]), steps_ahead=steps_ahead)


def recovery_codes(person: User) -> list[str]:
    return Authenticator.objects.get(user=person, type="recovery_codes").wrap().get_unused_codes()


def after_password(person: User, **options: Any) -> Client:
    """A browser that has shown the password and is asked for the second factor."""
    client = Client(**options)
    answer = client.post("/account/login/", {"login": person.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/account/2fa/authenticate/"
    return client


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
