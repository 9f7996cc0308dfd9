"""Cutting off what is too old to keep, with a signed mark that says where."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import chain
from accounts.models import AuditChain, AuditEvent, AuditMark

CUT_AT_ONCE = 2000


def prune(before: datetime) -> int:
    """Cut every chain behind its last event of those days. How many events went."""
    count = 0
    for end in AuditChain.objects.order_by("pk"):
        while gone := cut(end, before):
            count += gone
    return count


def count_older(before: datetime) -> int:
    """How many events would go."""
    return sum(
        AuditEvent.objects.of_chain(end.organization_id).filter(position__lt=first_kept(end, before)).count()
        for end in AuditChain.objects.order_by("pk")
    )


@transaction.atomic
def cut(end: AuditChain, before: datetime) -> int:
    """A piece of one chain: first the mark, which opens the database's lock on these rows, then the rows."""
    end = AuditChain.objects.select_for_update().get(pk=end.pk)
    old = AuditEvent.objects.of_chain(end.organization_id).filter(position__lt=first_kept(end, before))
    last = list(old.order_by("position").only("position", "mac")[:CUT_AT_ONCE])[-1:]
    if not last:
        return 0
    mark = AuditMark(
        organization_id=end.organization_id, position=last[0].position, head=last[0].mac, cut_at=timezone.now()
    )
    chain.sign("mark", mark)
    mark.save()
    return AuditEvent.objects.delete_before(mark)


def first_kept(end: AuditChain, before: datetime) -> int:
    """Everything from the first young event on stays, also an older one behind it: a chain is cut in one place."""
    young = AuditEvent.objects.of_chain(end.organization_id).filter(occurred_at__gte=before).order_by("position")
    return young.values_list("position", flat=True).first() or end.count + 1
