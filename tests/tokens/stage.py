"""The stage of the state machine: rows and model side by side, and what has to be true of them after every act."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis.stateful import RuleBasedStateMachine, invariant

from accounts import verification
from accounts.actor import Actor
from accounts.models import AuditEvent, License, Role, User
from tests.factories import LicenseFactory, OrganizationFactory, UserFactory
from tests.tokens.life import DAY, Event, Forbidden, Life, Seat, World
from tokens import lifecycle
from tokens.authentication import authenticate
from tokens.ledger import Gathered, ledger
from tokens.lifecycle import ActRefused, Issued
from tokens.models import State, Token
from tokens.refusals import Refused
from tokens.uses import note_use

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOME = "192.0.2.7"
PEOPLE = ["alice", "bob", "carol"]
LET_IN = {State.ACTIVE, State.EXPIRING, State.ENDING}
REFUSED_AS = {
    State.REVOKED: "token_revoked",
    State.EXPIRED: "token_expired",
    State.BLOCKED: "policy_blocked",
    State.PENDING: "approval_pending",
}


class Stage(RuleBasedStateMachine):
    """Alice has a license with three hooks; Bob and Carol govern, and Bob has tokens of his own.

    Each example plays in a transaction of its own, which is taken back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.whole = transaction.atomic()
        self.whole.__enter__()
        self.travel = time_machine.travel(NOON, tick=False)
        self.clock = self.travel.start()
        self.organization = OrganizationFactory()
        self.users = {name: UserFactory(name=name) for name in PEOPLE}
        self.licenses = {name: self.license(name) for name in PEOPLE}
        self.world = World({name: Seat(3, governs=name != "alice") for name in PEOPLE})
        self.texts: dict[int, Issued] = {}
        self.events: list[Event] = []
        self.first = AuditEvent.objects.count()

    def license(self, name: str) -> License:
        role = Role.MEMBER if name == "alice" else Role.ADMINISTRATOR
        return LicenseFactory(user=self.users[name], organization=self.organization, role=role, allowance=3)

    def teardown(self) -> None:
        self.travel.stop()
        ledger.gathered = Gathered()
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)

    def actor(self, name: str) -> Actor:
        return Actor(User.objects.get(pk=self.users[name].pk), HOME, "curl/8")

    def row(self, life: Life) -> Token:
        return Token.objects.get(pk=life.pk)

    def act(self, said: Callable[[World], list[Event]], done: Callable[[], object]) -> None:
        """Both do it, or both refuse."""
        try:
            self.events += said(self.world)
        except Forbidden:
            with pytest.raises(ActRefused):
                done()
        else:
            done()

    def hang(self, life: Life, issued: Issued) -> Life:
        life.pk = issued.token.pk
        self.texts[life.pk] = issued
        self.world.lives.append(life)
        return life

    def issue_one(self, owner: str, days: int | None) -> Life | None:
        now, name = timezone.now(), f"token {len(self.texts)}"
        end = now + days * DAY if days else None

        def done() -> Issued:
            license, scope = self.licenses[owner], ["account:read"]
            return lifecycle.issue(actor=self.actor(owner), license=license, name=name, scope=scope, expires_at=end)

        try:
            life = self.world.issue(owner, name, now, end)
        except Forbidden:
            with pytest.raises(ActRefused):
                done()
            return None
        self.hang(life, done())
        self.events.append(("token.created", life.pk))
        return life

    def rotated(self, life: Life, overlap: timedelta, stops_on_use: bool) -> Life | None:
        def done() -> Issued:
            actor = self.actor(life.owner)
            return lifecycle.rotate(actor=actor, token=self.row(life), overlap=overlap, stops_on_use=stops_on_use)

        try:
            successor, stopped = self.world.rotate(life, timezone.now(), overlap, stops_on_use)
        except Forbidden:
            with pytest.raises(ActRefused):
                done()
            return None
        self.hang(successor, done())
        self.events += [("token.revoked", each.pk) for each in stopped]
        self.events += [("token.rotated", successor.pk), ("token.replaced", life.pk)]
        return successor

    def call(self, life: Life) -> None:
        now, issued = timezone.now(), self.texts[life.pk]
        state = self.world.state(life, now)
        if state not in LET_IN:
            suspended = "license_inactive" if self.world.seats[life.owner].is_on else "owner_inactive"
            with pytest.raises(Refused) as refusal:
                authenticate(str(issued.plaintext), now=now, address=HOME)
            assert refusal.value.refusal.code == REFUSED_AS.get(state, suspended)
            return
        token = authenticate(str(issued.plaintext), now=now, address=HOME)
        assert token is not None
        note_use(token, now=now, address=HOME, user_agent="curl/8", method="GET")
        ledger.flush()
        self.events += self.world.use(life, now)

    def note_switch(self, what: str, *, is_on: bool) -> None:
        self.events += [] if is_on else self.world.stop_all("alice", timezone.now())
        self.events.append((f"{what}.reactivated" if is_on else f"{what}.deactivated", None))

    @invariant()
    def every_token_stands_as_it_should(self) -> None:
        now, lives = timezone.now(), self.world.lives
        expected = {life.pk: (self.world.state(life, now), life.hold, life.awaits_approval) for life in lives}
        rows = Token.objects.with_surroundings()
        assert {row.pk: (row.state(now), row.hold, row.awaits_approval) for row in rows} == expected

    @invariant()
    def as_many_hooks_are_taken_as_should_be(self) -> None:
        now = timezone.now()
        for name, license in self.licenses.items():
            taken = Token.objects.filter(license=license).on_hooks(now).count()
            assert taken == self.world.taken(name, now) <= license.allowance

    @invariant()
    def the_log_tells_every_act_once_and_verifies(self) -> None:
        rows = AuditEvent.objects.order_by("pk").values_list("action", "token_id")
        assert list(rows)[self.first :] == self.events
        for chain in (self.organization.pk, None):
            verification.verify(chain)
