"""Acts a second on one thread, each with its audit row: issue, rotate, revoke, and revoke many at once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import License, Organization
from tests.benchmarks.stage import SLUG, fill_ours, issue
from tokens import lifecycle
from tokens.models import Token

ACTS = 50
MANY = 2_000


@dataclass
class Rates:
    """Acts a second, by name."""

    found: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, name: str, count: int) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.found[name] = count / (time.perf_counter() - begun)


def run() -> dict[str, float]:
    license, rates = License.objects.get(organization__slug=SLUG, number="B-1"), Rates()
    with rates.timing("issue", ACTS):
        issued = [issue(license, f"act {number} {uuid4().hex[:8]}").token for number in range(ACTS)]
    with rates.timing("rotate", ACTS):
        rotated = [lifecycle.rotate(actor=SYSTEM, token=token, overlap=timedelta(0)).token for token in issued]
    with rates.timing("revoke", ACTS):
        for token in rotated:
            lifecycle.revoke(actor=SYSTEM, token=token)
    ids = fresh(license.organization)
    with rates.timing(f"revoke {MANY:,} at once", MANY):
        revoke_all(license.organization, ids)
    return rates.found


def fresh(organization: Organization) -> list[int]:
    highest = Token.objects.order_by("-pk").values_list("pk", flat=True)[0]
    fill_ours(MANY, organization)
    return list(Token.objects.filter(pk__gt=highest, expires_at__gt=timezone.now()).values_list("pk", flat=True))


def revoke_all(organization: Organization, ids: list[int]) -> None:
    """In the batches of the page."""
    with transaction.atomic():
        event = lifecycle.begin_revoking(
            actor=SYSTEM, organization=organization, key=uuid4().hex, chosen="bench", count=len(ids)
        )
    for start in range(0, len(ids), 100):
        batch = ids[start : start + 100]
        lifecycle.revoke_many(actor=SYSTEM, organization=organization, ids=batch, event=event.pk)
