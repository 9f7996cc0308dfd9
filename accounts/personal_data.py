"""What is kept about a person, table by table, for them to take away. Never a secret.

Each table stands here once, with the columns that go out. `tests/tokens/test_personal_data.py` holds the list of what
stays in, with the reasons.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import QuerySet

from accounts import audit, second_factor
from accounts.actor import Actor
from accounts.models import AuditEvent, Invitation, License, User

AT_ONCE = 500

Section = tuple[str, Iterable[Any]]

PROFILE = (
    "id",
    "email",
    "name",
    "time_zone",
    "is_active",
    "is_staff",
    "is_superuser",
    "wants_alerts",
    "joined_at",
    "last_login",
    "password_changed_at",
    "second_factor_at",
    "sessions_ended_at",
)
LICENSE = (
    "id",
    "organization__name",
    "name",
    "number",
    "role",
    "allowance",
    "created_at",
    "valid_until",
    "deactivated_at",
    "withdrawn_at",
)
INVITATION = (
    "organization__name",
    "email",
    "role",
    "license_name",
    "allowance",
    "valid_until",
    "created_at",
    "sent_at",
    "expires_at",
    "accepted_at",
    "withdrawn_at",
)
SESSION = ("ip", "user_agent", "created_at", "last_seen_at")


def told(person: User, *, actor: Actor) -> AuditEvent:
    """Every download is in the log, and in the file as its last event."""
    return audit.record_about_person("account.data_downloaded", person, actor=actor)


def sections(person: User, *, until: AuditEvent) -> Iterator[Section]:
    yield "profile", rows(User.objects.filter(pk=person.pk), PROFILE)
    yield "email_addresses", rows(EmailAddress.objects.filter(user=person), ("email", "verified", "primary"))
    yield "licenses", rows(License.objects.filter(user=person), LICENSE)
    yield "second_factors", map(factor, Authenticator.objects.filter(user=person).order_by("pk"))
    yield "sessions", rows(UserSession.objects.filter(user=person), SESSION)
    received = Invitation.objects.all().addressed_to(person) | Invitation.objects.filter(license__user=person)
    yield "invitations_received", rows(received, INVITATION)
    yield "invitations_sent", rows(Invitation.objects.filter(invited_by=person), INVITATION)
    events = AuditEvent.objects.about(person).filter(pk__lte=until.pk).order_by("pk")
    found = events.select_related("actor", "subject", "organization").iterator(chunk_size=AT_ONCE)
    yield "audit_events", (described(event, person) for event in found)


def rows(found: QuerySet[Any], columns: Iterable[str]) -> Iterator[dict[str, Any]]:
    """In the order of their making, under plain names: `organization__name` is `organization`."""
    for row in found.order_by("pk").values(*columns).iterator(chunk_size=AT_ONCE):
        yield {name.removesuffix("__name"): value for name, value in row.items()}


def factor(row: Authenticator) -> dict[str, Any]:
    return {
        "kind": row.type,
        "name": second_factor.name_of(row),
        "created_at": row.created_at,
        "last_used_at": row.last_used_at,
    }


def described(event: AuditEvent, person: User) -> dict[str, Any]:
    """Where somebody else acted from is theirs."""
    is_shown = event.actor is None or event.actor == person
    return {
        "occurred_at": event.occurred_at,
        "action": event.action,
        "organization": event.organization and event.organization.name,
        "actor": event.actor and event.actor.display_name,
        "subject": event.subject and event.subject.display_name,
        "token_id": event.token_id,
        "token_name": event.token_name,
        "token_hint": event.token_hint,
        "address": event.address if is_shown else None,
        "user_agent": event.user_agent if is_shown else "",
        "details": event.details,
    }
