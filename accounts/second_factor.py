"""The second factor: when a person has one, codes that work once, and the way out for who lost everything."""

import logging

from allauth.account.adapter import get_adapter
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from cryptography.fernet import InvalidToken
from django.db import transaction
from django.utils import timezone

from accounts import audit, letters, seats
from accounts.actor import Actor
from accounts.models import User

logger = logging.getLogger(__name__)

# Recovery codes alone are none: they stand in for one that is lost.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
NAMES = {Authenticator.Type.TOTP: "authenticator app", Authenticator.Type.RECOVERY_CODES: "recovery codes"}


def name_of(factor: Authenticator) -> str:
    """As the audit log calls it."""
    return NAMES.get(factor.type) or f"passkey {factor.wrap().name}"


@transaction.atomic
def settle(person: User) -> None:
    """Keep `second_factor_at` true: set with the first factor, null when the last is gone.

    Under the person's lock, so that of two who come and go at once the later one sees what the earlier did.
    """
    kept = User.objects.select_for_update(no_key=True).filter(pk=person.pk).first()
    if kept is None:
        return
    has_one = Authenticator.objects.filter(user=kept, type__in=FACTORS).exists()
    if has_one != bool(kept.second_factor_at):
        kept.second_factor_at = timezone.now() if has_one else None
        kept.save(update_fields=["second_factor_at"])
    person.second_factor_at = kept.second_factor_at


def prove(person: User, code: str) -> Authenticator | None:
    """The app or the recovery codes that a code belongs to. It is used up by this: no code works twice."""
    factors = Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.WEBAUTHN)
    for factor in factors.order_by("-type"):
        try:
            if use_up(factor, code):
                factor.user = person
                return factor
        except InvalidToken:
            logger.error("The %s of person %s cannot be read: the key is not in MFA_KEYS.", name_of(factor), person.pk)
    return None


@transaction.atomic
def use_up(factor: Authenticator, code: str) -> bool:
    """Under lock, and noted in the row: of two requests with the same code one wins, on any server (RFC 6238, 5.2)."""
    kept = Authenticator.objects.select_for_update().filter(pk=factor.pk).first()
    if kept is None:
        return False
    if kept.type == Authenticator.Type.RECOVERY_CODES:
        return kept.wrap().validate_code(code)
    step = step_of(decrypt(kept.data["secret"]), code)
    if step is None or step <= kept.data.get("last_step", 0):
        return False
    kept.data["last_step"] = step
    kept.save(update_fields=["data"])
    return True


def step_of(secret: str, code: str) -> int | None:
    """Which of the half minutes around now shows this code."""
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return step
    return None


def codes_left(codes: Authenticator) -> int:
    """Counted without the key."""
    return app_settings.RECOVERY_CODE_COUNT - codes.data["used_mask"].bit_count()


@transaction.atomic
def reset(person: User, *, actor: Actor) -> int:
    """Take every factor and all recovery codes away, end the sessions, and tell the person. How many factors went."""
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    factors = Authenticator.objects.filter(user=person)
    if not factors.exists():
        return 0
    names = [name_of(factor) for factor in factors.order_by("pk")]
    factors.delete()
    seats.end_sessions(person)
    audit.record_about_person("account.second_factor_reset", person, actor=actor, factors=names)
    facts = {"person": person, "timestamp": timezone.now()}
    letter = get_adapter().render_mail("mfa/email/second_factor_reset", person.email, facts)
    letters.after_commit(letter.send)
    return len(names)
