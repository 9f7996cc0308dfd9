"""Inviting people into an organization: the only writer of invitations.

The secret of the link is in the letter and nowhere else; what is stored is its keyed digest. A letter that is sent
again is a new invitation in the place of the old one, so that the rows of a day are also the letters of a day.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import audit, letters, numbers, seats
from accounts.actor import Actor
from accounts.models import MOST_HOOKS, Invitation, License, Organization, User
from accounts.models.invitation import InvitationQuerySet
from accounts.seats import SeatRefused

OPEN_FOR = timedelta(days=7)
DAY = timedelta(days=1)
MOST_OPEN = 100
LETTERS_A_DAY = 300
LETTERS_A_DAY_TO_ONE_ADDRESS = 5
SECRET_BYTES = 32
NOT_A_MAILBOX = ".service.invalid"
EXHAUSTED = "invitations_exhausted"


class NotOpen(Exception):
    """The invitation was accepted, withdrawn or has expired, or its sender may invite nobody any more."""


def invite(
    *,
    actor: Actor,
    organization: Organization,
    email: str,
    role: str,
    license_name: str,
    allowance: int,
    valid_until: datetime | None,
) -> Invitation:
    """Write to an address that it may join. Raises SeatRefused; `sent_at` is empty where the letter did not leave."""
    invitation = Invitation(
        organization=organization,
        email=email.lower(),
        role=role,
        license_name=license_name,
        allowance=allowance,
        valid_until=valid_until,
    )
    return deliver(*draw_up(invitation, actor=actor))


def resend(invitation: Invitation, *, actor: Actor) -> Invitation:
    """A new secret and another seven days; the link of the earlier letter is dead."""
    copy = Invitation(
        organization=invitation.organization,
        email=invitation.email,
        role=invitation.role,
        license_name=invitation.license_name,
        allowance=invitation.allowance,
        valid_until=invitation.valid_until,
    )
    return deliver(*draw_up(copy, actor=actor, former=invitation))


@transaction.atomic
def draw_up(invitation: Invitation, *, actor: Actor, former: Invitation | None = None) -> tuple[Invitation, str]:
    """The row, and the secret for its letter."""
    now = timezone.now()
    if former and not locked(former).filter(accepted_at=None, withdrawn_at=None).exists():
        raise NotOpen
    seats.lock(invitation.organization)
    waiting = Invitation.objects.waiting().filter(organization=invitation.organization)
    check_invited(invitation, now)
    replaced = waiting.filter(email=invitation.email)
    if former is None and replaced.filter(expires_at__gt=now).exists():
        raise SeatRefused(
            "This address is invited already. Send that invitation again.", field="email", code="already_invited"
        )
    replaced.update(withdrawn_at=now)
    if waiting.count() >= MOST_OPEN:
        raise SeatRefused(f"{MOST_OPEN} invitations are open. Withdraw some first.", code=EXHAUSTED)
    check_letters(invitation, now)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    invitation.digest = digest_of(secret)
    invitation.invited_by = inviter(actor)
    invitation.created_at = now
    invitation.expires_at = min(filter(None, [now + OPEN_FOR, invitation.valid_until]))
    invitation.save(force_insert=True)
    record("invitation.resent" if former else "invitation.sent", invitation, actor)
    return invitation, secret


def deliver(invitation: Invitation, secret: str) -> Invitation:
    """Outside the transaction: a slow mail server must not hold the organization's lock."""
    link = settings.SITE_URL + reverse("invitation-link", args=[secret])
    if letters.send("accounts/email/invitation", invitation.email, invitation=invitation, link=link):
        invitation.sent_at = timezone.now()
        invitation.save(update_fields=["sent_at"])
    return invitation


@transaction.atomic
def withdraw(invitation: Invitation, *, actor: Actor) -> None:
    invitation = locked(invitation).select_related("organization").get()
    if invitation.accepted_at or invitation.withdrawn_at:
        return
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    record("invitation.withdrawn", invitation, actor)


@transaction.atomic
def accept(invitation: Invitation, *, actor: Actor) -> License:
    """Make the license, or bring back the one that was withdrawn. Raises NotOpen or SeatRefused.

    The license is asked for after the lock: PostgreSQL shows a row that was joined as it was before the wait.
    """
    invitation = locked(invitation).select_related("organization").get()
    if invitation.license and invitation.license.user == actor.user:
        return invitation.license  # the form was sent twice
    is_open = Invitation.objects.open(timezone.now()).filter(pk=invitation.pk).exists()
    if not is_open or actor.user is None or not is_for(invitation, actor.user):
        raise NotOpen
    license = seat_for(invitation, actor.user)
    invitation.accepted_at, invitation.license = timezone.now(), license
    invitation.save(update_fields=["accepted_at", "license"])
    record("invitation.accepted", invitation, actor, license=str(license))
    return license


def find(digest: bytes) -> Invitation | None:
    """The open invitation with this digest."""
    found = Invitation.objects.open(timezone.now()).filter(digest=digest)
    return found.select_related("organization", "invited_by").first()


def find_by_secret(secret: str) -> Invitation | None:
    for key in [None, *settings.SECRET_KEY_FALLBACKS]:
        if invitation := find(digest_of(secret, key)):
            return invitation
    return None


def digest_of(secret: str, key: str | bytes | None = None) -> bytes:
    return salted_hmac("accounts.invitations", secret, secret=key, algorithm="sha256").digest()


def is_for(invitation: Invitation, person: User) -> bool:
    """Whether the person has shown that the invited address is theirs."""
    return (
        not person.is_service_account
        and EmailAddress.objects.filter(user=person, email=invitation.email, verified=True).exists()
    )


def has_account(invitation: Invitation) -> bool:
    return (
        User.objects.filter(email=invitation.email).exists()
        or EmailAddress.objects.filter(email__iexact=invitation.email).exists()
    )


def locked(invitation: Invitation) -> InvitationQuerySet:
    return Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation.pk)


def inviter(actor: Actor) -> User:
    assert actor.user is not None, "Somebody invites."  # noqa: S101
    return actor.user


def check_invited(invitation: Invitation, now: datetime) -> None:
    if invitation.email.endswith(NOT_A_MAILBOX):
        raise SeatRefused("Nobody reads letters to this address.", field="email")
    if not 0 <= invitation.allowance <= MOST_HOOKS:
        raise SeatRefused(f"Between 0 and {MOST_HOOKS} hooks.", field="allowance")
    if invitation.valid_until and invitation.valid_until <= now:
        raise SeatRefused("The license would have ended already. Withdraw the invitation and write a new one.")
    owners = EmailAddress.objects.filter(email=invitation.email, verified=True).values("user")
    license = License.objects.kept().filter(organization=invitation.organization, user__in=owners).first()
    if license and license.is_deactivated:
        raise SeatRefused(
            "The license of this person is deactivated. Reactivate it instead.", field="email", code="already_member"
        )
    if license:
        raise SeatRefused("This person is a member already.", field="email", code="already_member")
    seats.check_free_seat(invitation.organization)


def check_letters(invitation: Invitation, now: datetime) -> None:
    """However an invitation came and went, its letter was one."""
    today = Invitation.objects.filter(created_at__gt=now - DAY)
    if today.filter(organization=invitation.organization).count() >= LETTERS_A_DAY:
        raise SeatRefused(f"{LETTERS_A_DAY} invitations went out within a day. Go on tomorrow.", code=EXHAUSTED)
    if today.filter(email=invitation.email).count() >= LETTERS_A_DAY_TO_ONE_ADDRESS:
        raise SeatRefused(
            "This address has had enough letters for a day. Go on tomorrow.", field="email", code=EXHAUSTED
        )


def seat_for(invitation: Invitation, person: User) -> License:
    held = License.objects.select_for_update(of=("self",)).filter(user=person, organization=invitation.organization)
    license = held.first() or License(user=person, organization=invitation.organization)
    if license.is_deactivated and not license.is_withdrawn:
        raise SeatRefused("Your license is deactivated. An administrator can reactivate it.")
    if license.pk and not license.is_deactivated:
        raise SeatRefused("You are a member already.")
    seats.check_free_seat(invitation.organization)
    if license.pk is None and held.exists():  # by another invitation, while the lock was waited for
        raise SeatRefused("You are a member already.")
    license.name, license.role = invitation.license_name, invitation.role
    license.allowance, license.valid_until = invitation.allowance, invitation.valid_until
    license.deactivated_at = license.withdrawn_at = None
    if license.pk:
        license.save(update_fields=["name", "role", "allowance", "valid_until", "deactivated_at", "withdrawn_at"])
    else:
        numbers.save_with_number(license, invitation.organization)
    return license


def record(action: str, invitation: Invitation, actor: Actor, **details: Any) -> None:
    audit.record(
        action,
        actor=actor,
        organization=invitation.organization,
        invited=invitation.email,
        role=invitation.role,
        **details,
    )
