"""What needs attention: each rule on either side of its border."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.actor import SYSTEM, Actor
from accounts.models import License, User
from tests.calls import call
from tests.factories import issue
from tokens import lifecycle
from tokens.attention import RULES, RULES_BY_NAME, findings
from tokens.ledger import ledger
from tokens.lifecycle import Issued
from tokens.models import Token

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
# Nothing about this token needs attention.
SOUND = {
    "created_at": NOW - 100 * DAY,
    "expires_at": NOW + 50 * DAY,
    "first_used_at": NOW - 99 * DAY,
    "last_used_at": NOW - DAY,
}


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def rules_met(now: datetime = NOW) -> set[str]:
    return {rule.name for rule in RULES if rule.choose(Token.objects.all(), now).exists()}


@pytest.fixture
def issued(alices_license: License) -> Issued:
    with at(NOW - 100 * DAY):
        issued = issue(alices_license)
    Token.objects.update(**SOUND)
    issued.token.refresh_from_db()
    return issued


@pytest.mark.parametrize(
    ("facts", "met"),
    [
        ({}, set()),
        ({"expires_at": NOW + 7 * DAY}, {"expiring"}),
        ({"expires_at": NOW + 7 * DAY + SECOND}, set()),
        ({"expires_at": NOW}, set()),
        ({"expires_at": None}, {"endless"}),
        ({"last_used_at": NOW - 90 * DAY}, {"idle"}),
        ({"last_used_at": NOW - 90 * DAY + SECOND}, set()),
        ({"first_used_at": None, "last_used_at": None}, {"unused"}),
        ({"first_used_at": None, "last_used_at": None, "created_at": NOW - 30 * DAY}, {"unused"}),
        ({"first_used_at": None, "last_used_at": None, "created_at": NOW - 30 * DAY + SECOND}, set()),
        ({"scope": "account:write"}, {"wide"}),
        ({"scope": "account:write", "last_written_at": NOW - 90 * DAY}, {"wide"}),
        ({"scope": "account:write", "last_written_at": NOW - 90 * DAY + SECOND}, set()),
        ({"scope": "account:write", "created_at": NOW - 90 * DAY, "first_used_at": NOW - 2 * DAY}, {"wide"}),
        ({"scope": "account:write", "created_at": NOW - 90 * DAY + SECOND, "first_used_at": NOW - 2 * DAY}, set()),
        ({"scope": "account:write", "last_used_at": NOW - 90 * DAY}, {"idle"}),
        ({"expires_at": None, "revoked_at": NOW, "hold": "owner"}, set()),
        ({"expires_at": None, "replaced_at": NOW, "stops_at": NOW + DAY}, set()),
    ],
)
def test_a_rule_is_met_from_its_border_on(issued: Issued, facts: dict[str, object], met: set[str]) -> None:
    Token.objects.update(**facts)

    assert rules_met() == met


@pytest.mark.parametrize("facts", [{"valid_until": NOW}, {"deactivated_at": NOW}])
def test_a_token_whose_license_is_not_in_force_is_suspended(issued: Issued, facts: dict[str, object]) -> None:
    License.objects.update(**facts)

    assert rules_met() == {"suspended"}


def test_a_token_whose_license_ends_in_a_second_is_not_suspended_yet(issued: Issued) -> None:
    License.objects.update(valid_until=NOW + SECOND)

    assert rules_met() == set()


# Replaced and still in use


def rotated(issued: Issued, overlap: timedelta, **choices: object) -> Issued:
    with at(NOW):
        actor = Actor(issued.token.owner)
        return lifecycle.rotate(actor=actor, token=issued.token, overlap=overlap, **choices)


def called(issued: Issued, moment: datetime, address: str = "192.0.2.7") -> None:
    with at(moment):
        call(issued, address)
        ledger.flush()


def is_replaced_in_use(now: datetime) -> bool:
    return "replaced" in rules_met(now)


def test_a_replaced_token_that_still_calls_after_its_overlap_needs_attention(issued: Issued) -> None:
    rotated(issued, DAY)
    called(issued, NOW + DAY - SECOND)
    assert not is_replaced_in_use(NOW + DAY)

    called(issued, NOW + DAY)

    assert is_replaced_in_use(NOW + DAY)


def test_so_does_one_that_was_replaced_without_an_overlap(issued: Issued) -> None:
    rotated(issued, timedelta(0))

    called(issued, NOW + SECOND)

    assert is_replaced_in_use(NOW + SECOND)


def test_so_does_one_that_ended_when_its_successor_was_used(issued: Issued) -> None:
    new = rotated(issued, 7 * DAY, stops_on_use=True)
    called(new, NOW + SECOND)

    called(issued, NOW + 2 * SECOND)

    assert is_replaced_in_use(NOW + 2 * SECOND)


def test_a_replaced_token_that_is_silent_needs_none(issued: Issued) -> None:
    rotated(issued, timedelta(0))

    assert not is_replaced_in_use(NOW + DAY)


def test_a_token_that_was_refused_before_it_was_replaced_needs_none(issued: Issued) -> None:
    Token.objects.update(scope="tokens:read")
    called(issued, NOW)
    rotated(issued, timedelta(0))

    assert not is_replaced_in_use(NOW + DAY)


def test_a_revoked_token_that_still_calls_was_not_replaced(issued: Issued) -> None:
    with at(NOW):
        lifecycle.revoke(actor=SYSTEM, token=issued.token)

    called(issued, NOW + SECOND)

    assert not is_replaced_in_use(NOW + SECOND)


def test_a_week_after_its_last_call_a_replaced_token_is_forgotten(issued: Issued) -> None:
    rotated(issued, timedelta(0))
    called(issued, NOW + SECOND)

    assert is_replaced_in_use(NOW + 7 * DAY)
    assert not is_replaced_in_use(NOW + 8 * DAY)


def test_several_refused_days_are_one_finding(issued: Issued) -> None:
    rotated(issued, timedelta(0))
    for day in range(3):
        called(issued, NOW + SECOND + day * DAY)

    found = RULES_BY_NAME["replaced"].choose(Token.objects.all(), NOW + 3 * DAY)

    assert list(found) == [issued.token]


# Together


def test_a_token_is_found_once_under_the_first_rule_it_meets(issued: Issued) -> None:
    Token.objects.update(expires_at=NOW + DAY, last_used_at=NOW - 90 * DAY, scope="account:write")
    assert rules_met() == {"expiring", "idle"}

    (finding,) = findings(Token.objects.all(), NOW, most=6)

    assert (finding.rule.name, finding.token) == ("expiring", issued.token)


def test_findings_stand_in_the_order_of_the_rules_and_end_where_the_list_ends(alices_license: License) -> None:
    with at(NOW - DAY):
        endless = [issue(alices_license, name=f"endless-{number}", expires_at=None).token for number in range(3)]
        expiring = issue(alices_license, name="expiring", expires_at=NOW + DAY).token

    found = findings(Token.objects.order_by("pk"), NOW, most=3)

    assert [(finding.rule.name, finding.token) for finding in found] == [
        ("expiring", expiring),
        ("endless", endless[0]),
        ("endless", endless[1]),
    ]


def test_looking_takes_one_query_a_rule_however_many_tokens(alices_license: License, django_assert_num_queries) -> None:
    License.objects.update(allowance=30)
    for number in range(30):
        issue(alices_license, name=f"job-{number}", expires_at=None)

    with django_assert_num_queries(len(RULES)):
        assert len(findings(Token.objects.all(), NOW, most=100)) == 30


def test_only_the_tokens_asked_about_are_found(issued: Issued, bob: User) -> None:
    Token.objects.update(expires_at=None)

    assert findings(Token.objects.filter(owner=bob), NOW, most=6) == []
