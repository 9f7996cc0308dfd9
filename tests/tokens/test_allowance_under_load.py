"""Many at once, in real threads with connections of their own: the locks are what is tested."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AuditEvent, License, User
from tests.factories import issue
from tokens import lifecycle
from tokens.lifecycle import ActRefused
from tokens.models import Hold, State, Token

CROWD = 40

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(act: Callable[[int], object]) -> list[object]:
    """What each of forty threads got back; refusals are results too, every other error is raised here."""
    start = Barrier(CROWD)

    def run(number: int) -> object:
        try:
            start.wait(timeout=30)
            return act(number)
        except ActRefused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(CROWD) as threads:
        return list(threads.map(run, range(CROWD)))


def test_forty_creations_at_once_give_exactly_the_allowance(alices_license: License) -> None:
    results = all_at_once(lambda number: issue(alices_license, name=f"token {number}"))

    refusals = [result for result in results if isinstance(result, ActRefused)]
    assert len(refusals) == CROWD - 10
    assert {str(refusal) for refusal in refusals} == {"All 10 hooks of Studio are taken. Revoke a token first."}
    assert Token.objects.on_hooks(timezone.now()).count() == Token.objects.count() == 10
    assert AuditEvent.objects.filter(action="token.created").count() == 10


def test_forty_creations_of_one_name_at_once_give_exactly_one(alices_license: License) -> None:
    results = all_at_once(lambda number: issue(alices_license, name="nightly-export"))

    refusals = [result for result in results if isinstance(result, ActRefused)]
    assert len(refusals) == CROWD - 1
    assert {refusal.field for refusal in refusals} == {"name"}
    assert Token.objects.count() == 1


def test_forty_reapprovals_at_once_stop_at_the_allowance(alices_license: License) -> None:
    alice = Actor(alices_license.user)
    tokens = []
    for number in range(CROWD):
        tokens.append(issue(alices_license, name=f"token {number}").token)
        lifecycle.revoke(actor=alice, token=tokens[-1])

    results = all_at_once(lambda number: lifecycle.reapprove(actor=alice, token=tokens[number]))

    assert sum(isinstance(result, ActRefused) for result in results) == CROWD - 10
    assert Token.objects.on_hooks(timezone.now()).count() == 10


def test_forty_regenerations_at_once_leave_exactly_one_living_account_token(alice: User) -> None:
    results = all_at_once(lambda number: lifecycle.regenerate(actor=Actor(alice), owner=alice))

    assert not [result for result in results if isinstance(result, ActRefused)]
    tokens = Token.objects.with_surroundings().filter(owner=alice, license=None)
    assert len(tokens) == CROWD
    living = [token for token in tokens if token.state(timezone.now()) == State.ACTIVE]
    assert living == [Token.objects.account_token_of(alice)]
    assert {token.hold for token in tokens if token.is_revoked} == {Hold.REGENERATED}
