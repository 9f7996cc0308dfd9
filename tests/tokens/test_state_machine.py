"""Any acts in any order: the rows, the hooks and the log say what the model in life.py says.

`LIFE_EXAMPLES=500 .venv/bin/python -m pytest tests/tokens/test_state_machine.py` tries harder, and at random.
"""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from accounts import seats
from tests.tokens.life import DAY, Life, Rules
from tests.tokens.stage import PEOPLE, Stage
from tokens import lifecycle
from tokens.models import State, Token

FEW = 40
EXAMPLES = int(os.environ.get("LIFE_EXAMPLES", FEW))
OVERLAPS = [timedelta(0), timedelta(hours=1), 3 * DAY]
POLICIES = [
    Rules(),
    Rules(lifetime=30 * DAY),
    Rules(lifetime=2 * DAY, requires_approval=True),
    Rules(requires_expiry=True),
    Rules(idle_after=5 * DAY),
    Rules(requires_approval=True),
]


class Lives(Stage):
    tokens: Bundle[Life] = Bundle("tokens")

    @initialize(target=tokens)
    def begin(self) -> Any:
        return multiple(*filter(None, (self.issue_one("alice", days) for days in (9, 40))))

    @rule(target=tokens, owner=st.sampled_from(["alice", "alice", "bob"]), days=st.sampled_from([None, 1, 9, 40]))
    def issue(self, owner: str, days: int | None) -> Any:
        return self.issue_one(owner, days) or multiple()

    @rule(target=tokens, life=tokens, overlap=st.sampled_from(OVERLAPS), stops_on_use=st.booleans())
    def rotate(self, life: Life, overlap: timedelta, stops_on_use: bool) -> Any:
        successor = self.rotated(life, overlap, stops_on_use)
        return successor or multiple()

    @rule(target=tokens, life=tokens, first=st.sampled_from(OVERLAPS), second=st.sampled_from(OVERLAPS))
    def rotate_again(self, life: Life, first: timedelta, second: timedelta) -> Any:
        """Whoever lost the new text tries it once more."""
        found = [self.rotated(life, overlap, True) for overlap in (first, second)]
        return multiple(*filter(None, found))

    @rule(target=tokens, life=tokens)
    def rotate_and_use(self, life: Life) -> Any:
        successor = self.rotated(life, 3 * DAY, True)
        if successor:
            self.call(successor)
        return successor or multiple()

    @rule(life=tokens)
    def rotate_too_late(self, life: Life) -> None:
        """A later overlap is no longer than the first, and what has stopped is not rotated any more."""
        for overlap in (timedelta(hours=1), 3 * DAY):
            self.rotated(life, overlap, False)
        self.clock.shift(timedelta(hours=2))
        self.rotated(life, DAY, False)

    @rule(life=tokens, actor=st.sampled_from(PEOPLE))
    def revoke(self, life: Life, actor: str) -> None:
        by = life.owner if actor == "alice" else actor  # only who governs gets to another's token
        self.act(
            lambda world: world.revoke(life, by),
            lambda: lifecycle.revoke(actor=self.actor(by), token=self.row(life)),
        )

    @rule(life=tokens, actor=st.sampled_from(PEOPLE))
    def reapprove(self, life: Life, actor: str) -> None:
        self.act(
            lambda world: world.reapprove(life, actor, timezone.now()),
            lambda: lifecycle.reapprove(actor=self.actor(actor), token=self.row(life)),
        )

    @rule(life=tokens, actor=st.sampled_from(PEOPLE))
    def approve(self, life: Life, actor: str) -> None:
        self.act(
            lambda world: world.approve(life, actor, timezone.now()),
            lambda: lifecycle.approve(actor=self.actor(actor), token=self.row(life), seen=self.row(life).reach),
        )

    @rule(life=tokens)
    def use(self, life: Life) -> None:
        self.call(life)

    @rule(passed=st.sampled_from([timedelta(hours=2), DAY, 8 * DAY]))
    def wait(self, passed: timedelta) -> None:
        self.clock.shift(passed)

    @rule(life=tokens)
    def wait_for_the_end(self, life: Life) -> None:
        ends = [at for at in (life.expires_at, life.stops_at) if at and at > timezone.now()]
        if ends:
            self.clock.move_to(min(ends))

    @rule()
    def switch_the_license(self) -> None:
        seat, license, bob = self.world.seats["alice"], self.licenses["alice"], self.actor("bob")
        seat.has_license = not seat.has_license
        if seat.has_license:
            seats.reactivate_license(license, actor=bob)
        else:
            seats.deactivate_license(license, actor=bob)
        self.note_switch("member", is_on=seat.has_license)

    @rule()
    def switch_the_person(self) -> None:
        seat, user, bob = self.world.seats["alice"], self.users["alice"], self.actor("bob")
        seat.is_on = not seat.is_on
        if seat.is_on:
            seats.reactivate_user(user, actor=bob)
        else:
            seats.deactivate_user(user, actor=bob)
        self.note_switch("user", is_on=seat.is_on)

    @rule(rules=st.sampled_from(POLICIES))
    def change_the_policy(self, rules: Rules) -> None:
        lifecycle.change_policy(actor=self.actor("carol"), organization=self.organization, **vars(rules))
        if rules != self.world.rules:
            self.events.append(("policy.changed", None))
        self.world.rules = rules

    @rule(life=tokens)
    def tighten_and_rotate(self, life: Life) -> None:
        self.change_the_policy(Rules(lifetime=2 * DAY))
        self.rotated(life, DAY, False)

    @rule(life=tokens)
    def stop_and_switch_off(self, life: Life) -> None:
        """What its owner stopped is not theirs to let in again after that."""
        self.revoke(life, life.owner)
        self.switch_the_license()

    @rule(state=st.sampled_from(State))
    def list_those_in_a_state(self, state: State) -> None:
        now = timezone.now()
        expected = {life.pk for life in self.world.lives if self.world.state(life, now) == state}
        assert set(Token.objects.in_state(state, now).values_list("pk", flat=True)) == expected


@pytest.mark.django_db
def test_whatever_is_done_the_rows_the_hooks_and_the_log_agree(settings: Any) -> None:
    settings.TOKEN_ISSUES_PER_HOUR = 1_000_000
    run_state_machine_as_test(Lives, settings=SETTINGS)


SETTINGS = hypothesis_settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    derandomize=EXAMPLES <= FEW,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
