"""Taking over tokens of another system: all of them in one transaction, or none.

An operator's act. What a policy asks of a token is asked on its calls, as ever; whom it lets grant a permission, and
how many hooks a license has, is asked here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from tokens.lifecycle.reception import Reception, Terms
from tokens.takeover.arrivals import Arrival, Fate, Fault, Outcome


@dataclass(frozen=True, slots=True)
class TakeOver:
    """What became of each token, in the order they came; and whether anything was written."""

    outcomes: list[Outcome]
    is_done: bool

    def count(self, fate: Fate) -> int:
        return sum(outcome.fate == fate for outcome in self.outcomes)


@transaction.atomic
def take_over(
    *, actor: Actor, terms: Terms, found: list[Arrival | Fault], tell: Callable[[int], None] = lambda done: None
) -> TakeOver:
    """Give each token to the person it belonged to. Where one is wrong, nothing is written or it is left out."""
    reception = Reception(actor, terms, timezone.now())
    reception.prepare([each for each in found if isinstance(each, Arrival)])
    outcomes = []
    for done, each in enumerate(found, start=1):
        outcomes.append(reception.receive(each))
        tell(done)
    taken = TakeOver(outcomes, is_done=True)
    imported = taken.count(Fate.IMPORTED)
    if terms.is_rehearsal or (taken.count(Fate.WRONG) and not terms.leaves_out_wrong):
        transaction.set_rollback(True)
        return TakeOver(outcomes, is_done=False)
    if imported:
        details: dict[str, Any] = {"chosen": f"from {terms.source}", "count": imported}
        audit.record("tokens.imported", actor=actor, organization=terms.organization, **details)
    return taken
