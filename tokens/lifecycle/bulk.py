"""Acts on many tokens of an organization: begun once, carried out in batches, counted in the audit log."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.models import AuditEvent, License, Organization, User
from tokens.lifecycle.rows import given, stop
from tokens.models import LIFTED_BY_OWNER, Hold, Token

REPEATED_WITHIN = timedelta(hours=1)


@transaction.atomic
def begin_revoking(
    *, actor: Actor, organization: Organization, key: str, chosen: str, count: int, reason: str = ""
) -> AuditEvent:
    """Note in the audit log what is about to be revoked. A form that is sent twice begins once."""
    person = User.objects.select_for_update(no_key=True).get(pk=actor.user.pk) if actor.user else None
    begun = AuditEvent.objects.filter(actor=person, organization=organization, action="tokens.bulk_revoked")
    begun = begun.filter(occurred_at__gte=timezone.now() - REPEATED_WITHIN)
    earlier = next((event for event in begun.order_by("-pk") if event.details.get("key") == key), None)
    return earlier or audit.record(
        "tokens.bulk_revoked",
        actor=actor,
        organization=organization,
        key=key,
        chosen=chosen,
        count=count,
        **given(reason),
    )


@transaction.atomic
def revoke_many(
    *, actor: Actor, organization: Organization, ids: Iterable[int], reason: str = "", event: int | None = None
) -> int:
    """Stop those that work, or that others than the actor could let in again, and say how many.

    Licenses are locked first, then tokens, both in the order of their ids. `event` is the audit row that the batch
    belongs to.
    """
    now = timezone.now()
    tokens = Token.objects.of_organization(organization).filter(pk__in=list(ids)).unexpired(now)
    by_others = Q(hold__in=LIFTED_BY_OWNER) & ~Q(owner=actor.user)
    tokens = tokens.filter(Q(revoked_at=None) | by_others).exclude(stops_at__lte=now)
    licenses = License.objects.filter(pk__in=tokens.values("license")).order_by("pk")
    list(licenses.select_for_update().values_list("pk", flat=True))
    found = list(tokens.with_surroundings().order_by("pk").select_for_update(of=("self",)))
    for token in found:
        hold = Hold.OWNER if actor.user == token.owner else Hold.ADMINISTRATOR
        stop(token, hold, actor=actor, reason=reason, bulk=event)
    return len(found)


def revoked_in(event: int, *, actor: Actor, organization: Organization) -> int:
    """How many tokens all batches of a run have stopped."""
    acts = AuditEvent.objects.filter(actor=actor.user, organization=organization, pk__gt=event)
    return acts.filter(action="token.revoked", details__bulk=event).count()
