"""RFC 7009: whoever holds the text of a token may stop it."""

from typing import Any

import pytest
from django.test import Client

from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, User
from tests.calls import call, outcome
from tests.factories import issue
from tests.tokens.scenes import hold_of, let_expire
from tokens import format, lifecycle
from tokens.lifecycle import Issued
from tokens.models import Token

PATH = "/api/v1/revoke"
UNKNOWN = f"trk_{'0' * 40}" + format.checksum(f"trk_{'0' * 40}")


def revoke(text: object, *, by: Issued | None = None, **form: str) -> Any:
    headers = {"Authorization": f"Bearer {by.plaintext}"} if by else {}
    body = "&".join(f"{key}={value}" for key, value in {"token": str(text), **form}.items())
    client = Client(headers=headers, REMOTE_ADDR="198.51.100.9")
    return client.post(PATH, body, content_type="application/x-www-form-urlencoded")


def is_silent(answer: Any) -> bool:
    return (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "access_token"}, {"token_type_hint": "nonsense"}], ids=str)
def test_the_text_is_enough_to_stop_a_token_whatever_is_said_of_its_kind(issued: Issued, hint: dict[str, str]) -> None:
    assert is_silent(revoke(issued.plaintext, **hint))

    assert outcome(call(issued)) == "token_revoked"


def test_it_is_recorded_as_nobodys_act_with_where_it_came_from(issued: Issued) -> None:
    revoke(issued.plaintext)

    event = AuditEvent.objects.get(action="token.revoked")
    assert (event.actor, event.subject, event.address) == (None, issued.token.owner, "198.51.100.9")
    assert event.details == {"hold": "owner", "reason": "Somebody who holds its text asked for it"}


def test_its_owner_can_let_it_work_again(issued: Issued) -> None:
    revoke(issued.plaintext)

    lifecycle.reapprove(actor=Actor(issued.token.owner), token=issued.token)

    assert outcome(call(issued)) == "let in"


@pytest.mark.parametrize("text", ["nonsense", UNKNOWN, "a%00b", "%ff", "x" * 9000])
def test_what_is_no_token_is_answered_alike(issued: Issued, text: str) -> None:
    unknown, known = revoke(text), revoke(issued.plaintext)

    assert is_silent(unknown)
    varying = {"Request-Id"}
    assert {k: v for k, v in unknown.items() if k not in varying} == {
        k: v for k, v in known.items() if k not in varying
    }


@pytest.mark.parametrize(
    ("end", "hold"),
    [
        (lambda t: lifecycle.revoke(actor=SYSTEM, token=t), "administrator"),
        (lambda t: lifecycle.revoke_as_leaked(actor=SYSTEM, token=t), "leak"),
        (let_expire, ""),
    ],
    ids=["administrator", "leaked", "expired"],
)
def test_a_token_that_has_ended_stays_as_it_is(issued: Issued, end: Any, hold: str) -> None:
    end(issued.token)

    assert is_silent(revoke(issued.plaintext))

    assert hold_of(issued.token) == hold
    assert not AuditEvent.objects.filter(details__hold="owner").exists()


def test_a_second_time_changes_nothing(issued: Issued) -> None:
    assert all(is_silent(revoke(issued.plaintext)) for _ in range(2))

    assert AuditEvent.objects.filter(action="token.revoked").count() == 1


def test_a_token_that_only_rests_is_stopped_all_the_same(issued: Issued) -> None:
    User.objects.update(is_active=False)

    revoke(issued.plaintext)

    assert hold_of(issued.token) == "owner"


def test_the_account_token_is_stopped_by_its_text_too(alice: User) -> None:
    account = lifecycle.regenerate(actor=SYSTEM, owner=alice)

    revoke(account.plaintext)

    assert outcome(call(account)) == "token_revoked"


def test_another_token_may_come_along_and_is_named(issued: Issued, bob: User) -> None:
    other = issue(bob.licenses.get(), name="client")

    assert is_silent(revoke(issued.plaintext, by=other))

    token = Token.objects.get(pk=issued.token.pk)
    assert token.revoked_by is None
    assert AuditEvent.objects.get(action="token.revoked").details["through"] == other.token.hint


def test_a_credential_that_comes_along_must_be_good(issued: Issued, bob: User) -> None:
    other = issue(bob.licenses.get(), name="client")
    lifecycle.revoke(actor=SYSTEM, token=other.token)

    answer = revoke(issued.plaintext, by=other)

    assert (answer.status_code, answer.json()["code"], answer.json()["error"]) == (
        401,
        "token_revoked",
        "invalid_token",
    )
    assert outcome(call(issued)) == "let in"


def test_a_token_stops_itself(issued: Issued) -> None:
    assert is_silent(revoke(issued.plaintext, by=issued))

    assert Token.objects.get(pk=issued.token.pk).revoked_by == issued.token.owner


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("token=", "application/x-www-form-urlencoded", 400),
        ("token_type_hint=access_token", "application/x-www-form-urlencoded", 400),
        ("token={0}&token={0}", "application/x-www-form-urlencoded", 400),
        ('{{"token": "{0}"}}', "application/json", 415),
    ],
)
def test_what_cannot_be_understood_stops_nothing(issued: Issued, body: str, content_type: str, status: int) -> None:
    answer = Client().post(PATH, body.format(issued.plaintext), content_type=content_type)

    assert (answer.status_code, answer.json()["error"]) == (status, "invalid_request")
    assert outcome(call(issued)) == "let in"


def test_an_address_that_asks_too_often_has_to_wait(settings: Any, issued: Issued) -> None:
    settings.API_REFUSALS_PER_MINUTE = 2

    answers = [revoke(text) for text in ("nonsense", UNKNOWN, issued.plaintext)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"].isdigit()
    assert outcome(call(issued)) == "let in"
