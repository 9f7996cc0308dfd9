"""The one place that writes audit events, each behind the one before in its chain.

The lock on a chain is the last that an act takes: record when every other row is locked, or two acts wait for each
other.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone

from accounts import chain
from accounts.actor import Actor
from accounts.models import AuditChain, AuditEvent, Invitation, License, Organization, User


def record(
    action: str,
    *,
    actor: Actor,
    subject: User | None = None,
    organization: Organization | None = None,
    token: Any = None,
    **details: Any,
) -> AuditEvent:
    """Write one event, inside the transaction of the act it tells of.

    `token` is anything with `pk`, `name`, `hint` and `organization_id`. `details` are JSON values and never hold a
    secret.
    """
    organizations = [organization.pk if organization else None]
    return append(action, organizations, actor=actor, subject=subject, token=token, details=details)


def record_on_license(action: str, license: License, *, actor: Actor, **details: Any) -> AuditEvent:
    return record(
        action,
        actor=actor,
        subject=license.user,
        organization=license.organization,
        license=str(license),
        **details,
    )


def record_about_person(action: str, person: User, *, actor: Actor, token: Any = None, **details: Any) -> AuditEvent:
    """Write what concerns a person wherever they are: once for each organization with a license in force.

    A token that hangs on a license is named to its own organization only.

    Into the site's own chain, where there is none. All rows after the first are marked as copies.
    """
    licenses = License.objects.in_force().filter(user=person, organization__isnull=False)
    organizations: list[int | None] = [*licenses.order_by("organization").values_list("organization", flat=True)]
    return append(action, organizations or [None], actor=actor, subject=person, token=token, details=details)


@transaction.atomic
def append(
    action: str,
    organizations: list[int | None],
    *,
    actor: Actor,
    subject: User | None,
    token: Any,
    details: dict[str, Any],
) -> AuditEvent:
    """One event into each of the chains; gives back the first."""
    if actor.token and actor.token != token:
        details = details | {"through": actor.token.hint}
    facts = {
        "occurred_at": timezone.now(),
        "action": action,
        "actor": actor.user,
        "subject": subject,
        "address": actor.address,
        "user_agent": actor.user_agent,
        "details": as_stored(details),
    }
    own = token.organization_id if token and token.organization_id in organizations else organizations[0]
    events = [
        AuditEvent(organization_id=place, is_copy=place != own, **facts, **named(token, place))
        for place in organizations
    ]
    for event, end in zip(events, locked(organizations), strict=True):
        link(event, end)
    return next(event for event in events if not event.is_copy)


def named(token: Any, organization: int | None) -> dict[str, Any]:
    """The columns of a token, empty where it is another organization's."""
    if token is None or (organization and token.organization_id not in {None, organization}):
        return {}
    return {"token_id": token.pk, "token_name": token.name, "token_hint": token.hint}


def as_stored(details: dict[str, Any]) -> Any:
    """As both databases give it back. Fractions would come back as other numbers, so they become text."""
    return json.loads(json.dumps(details, cls=DjangoJSONEncoder), parse_float=str)


def lock_chains_of(person: User) -> None:
    """Ahead of an act that writes into several chains, so that they are always locked in the same order.

    Those that invite the person are among them: closing an account withdraws invitations.
    """
    theirs = person.licenses.exclude(organization=None).values_list("organization", flat=True)
    locked([None, *theirs, *Invitation.objects.waiting().addressed_to(person).values_list("organization", flat=True)])


def locked(organizations: Iterable[int | None]) -> list[AuditChain]:
    """The ends of chains, the site's own first, then by the number of the organization."""
    return [locked_end(organization) for organization in sorted(set(organizations), key=lambda number: number or 0)]


def locked_end(organization: int | None) -> AuditChain:
    """Made with the first event of a chain; of two who try at once one makes it and the other finds it."""
    ends = AuditChain.objects.select_for_update().filter(organization=organization)
    if (end := ends.first()) is None:
        fresh = AuditChain(organization_id=organization, head=chain.BEGINNING)
        chain.sign("head", fresh)
        AuditChain.objects.get_or_create(
            organization_id=organization, defaults={"head": fresh.head, "key": fresh.key, "mac": fresh.mac}
        )
        end = ends.get()
    return end


def link(event: AuditEvent, end: AuditChain) -> None:
    event.pk, event.position = next_number(), end.count + 1
    chain.sign("event", event, bytes(end.head))
    event.save(force_insert=True)
    end.count, end.head = event.position, event.mac
    chain.sign("head", end)
    end.save(update_fields=["count", "head", "key", "mac"])


def next_number() -> int:
    """The primary key is signed too, so it has to be known before the row is written."""
    table = AuditEvent._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        else:  # the transaction that writes is the only one
            cursor.execute("SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = %s", [table])
        return int(cursor.fetchone()[0])
