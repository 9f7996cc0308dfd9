"""A clock that jumps: what ends by a date follows it both ways, what somebody stopped stays stopped."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.actor import Actor
from accounts.models import License
from tests.calls import call, outcome
from tests.factories import issue
from tokens import lifecycle
from tokens.lifecycle import Issued

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def outcome_at(moment: datetime, issued: Issued) -> str:
    with time_machine.travel(moment, tick=False):
        return outcome(call(issued))


@pytest.fixture
def issued(alices_license: License) -> Issued:
    """It ends a day after noon."""
    with time_machine.travel(NOON, tick=False):
        return issue(alices_license, expires_at=NOON + DAY)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (NOON + DAY - SECOND, "let in"),
        (NOON + DAY, "token_expired"),
        (NOON + 400 * DAY, "token_expired"),
        (NOON - 400 * DAY, "let in"),
    ],
)
def test_an_expiry_holds_to_the_second_wherever_the_clock_jumps(
    issued: Issued, moment: datetime, expected: str
) -> None:
    assert outcome_at(moment, issued) == expected


def test_what_had_expired_works_again_when_the_clock_goes_back(issued: Issued) -> None:
    assert [outcome_at(NOON + 2 * DAY, issued), outcome_at(NOON, issued)] == ["token_expired", "let in"]


def test_what_was_revoked_stays_revoked_when_the_clock_goes_back(issued: Issued) -> None:
    with time_machine.travel(NOON + SECOND, tick=False):
        lifecycle.revoke(actor=Actor(issued.token.owner), token=issued.token)

    assert outcome_at(NOON - DAY, issued) == "token_revoked"


def test_the_overlap_of_a_rotation_ends_by_the_clock(issued: Issued) -> None:
    with time_machine.travel(NOON, tick=False):
        lifecycle.rotate(actor=Actor(issued.token.owner), token=issued.token, overlap=timedelta(hours=1))

    over = NOON + timedelta(hours=1)
    assert [outcome_at(over, issued), outcome_at(over - SECOND, issued)] == ["token_revoked", "let in"]
