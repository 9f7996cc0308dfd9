"""Anybody reports tokens that were found; they stop, and nothing is told."""

import json
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actor import SYSTEM
from accounts.models import AuditEvent, License, User
from tests.factories import issue
from tests.tokens.scenes import hold_of
from tokens import format, lifecycle
from tokens.api.leaks import Accepted
from tokens.lifecycle import Issued

PATH = "/api/v1/leaks"


def report(*texts: object, client: Client | None = None) -> Any:
    return send({"tokens": [str(text) for text in texts]}, client or Client(REMOTE_ADDR="198.51.100.9"))


def send(body: object, client: Client) -> Any:
    return client.post(PATH, body if isinstance(body, str) else json.dumps(body), content_type="application/json")


def told(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """Everything that an answer says, without its number."""
    return answer.status_code, answer.content, {k: v for k, v in answer.items() if k != "Request-Id"}


@pytest.mark.django_db(transaction=True)
def test_what_is_recognised_stops_for_good_and_its_owners_are_written_to(
    issued: Issued, bob: User, mallory: User
) -> None:
    account, foreign = lifecycle.regenerate(actor=SYSTEM, owner=bob), issue(mallory.licenses.get())
    bystander = issue(issued.token.license, name="bystander")

    report(issued.plaintext, f"Authorization: Token {account.plaintext}", "nonsense", foreign.plaintext)

    assert [hold_of(each.token) for each in (issued, account, foreign, bystander)] == ["leak", "leak", "leak", ""]
    assert sorted(letter.to[0].partition("@")[0] for letter in mail.outbox) == ["alice", "bob", "mallory"]
    event = AuditEvent.objects.get(action="token.leaked", token_id=issued.token.pk)
    assert (event.actor, event.address) == (None, "198.51.100.9")


def test_the_answer_is_the_same_whatever_the_texts_are(issued: Issued) -> None:
    revoked = issue(issued.token.license, name="revoked")
    lifecycle.revoke(actor=SYSTEM, token=revoked.token)

    answers = [report(*texts) for texts in ([], ["nonsense"], [issued.plaintext], [issued.plaintext] * 9, [revoked])]

    assert {answer.status_code for answer in answers} == {202}
    assert all(told(answer) == told(answers[0]) for answer in answers)
    assert answers[0].json() == {}


@pytest.mark.django_db(transaction=True)
def test_a_second_report_writes_no_second_letter(issued: Issued) -> None:
    for _ in range(2):
        report(issued.plaintext, issued.plaintext)

    assert AuditEvent.objects.filter(action="token.leaked").count() == len(mail.outbox) == 1


def test_a_thousand_texts_are_looked_for_in_a_few_queries(issued: Issued) -> None:
    texts = [format.generate("trk_") for _ in range(999)]
    assert report(*texts[:1]).status_code == 202

    with CaptureQueriesContext(connection) as queries:
        answer = report(*texts, "nonsense")

    assert answer.status_code == 202
    assert len(queries) == 3  # the digests in two portions, and the shapes of texts that were taken over
    assert report(*texts, issued.plaintext).status_code == 202
    assert hold_of(issued.token) == "leak"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tokens": ["x"] * 1001}, 422),
        ({"tokens": ["x" * 501]}, 422),
        ({"tokens": "x"}, 422),
        ({"tokens": [7]}, 422),
        ({"tokens": [None]}, 422),
        ({"tokens": [], "why": "x"}, 422),
        ({}, 422),
        ([], 422),
        ("[", 400),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_report_that_is_not_well_formed_is_refused_and_not_repeated(db: None, body: object, status: int) -> None:
    answer = send(body, Client())

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert b"xxx" not in answer.content


@pytest.mark.parametrize("text", ["", "a\x00b", "trk_" + "é" * 46, "🔑" * 500], ids=ascii)
def test_odd_texts_are_heard_like_any(db: None, text: str) -> None:
    assert report(text).status_code == 202


def test_a_thousand_long_texts_are_no_body_too_large(db: None) -> None:
    assert report(*["é" * 150 for _ in range(1000)]).status_code == 202


def test_an_address_that_reports_too_often_has_to_wait(settings: Any, issued: Issued) -> None:
    settings.API_REFUSALS_PER_MINUTE = 2

    answers = [report(text) for text in ("a", "b", issued.plaintext)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2]["Retry-After"].isdigit()
    assert hold_of(issued.token) == ""


def test_a_credential_that_comes_along_must_be_good(issued: Issued) -> None:
    answer = report(issued.plaintext, client=Client(headers={"Authorization": "Token nonsense"}))

    assert answer.status_code == 401
    assert hold_of(issued.token) == ""


@pytest.mark.django_db(transaction=True)
def test_a_failure_in_the_middle_keeps_what_was_stopped_and_its_letter(alices_license: License) -> None:
    first, second = (issue(alices_license, name=name) for name in ("first", "second"))

    def fail_for_the_second(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "tokens_token"') and second.token.pk in params:
            raise DatabaseError("The disk is full.")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail_for_the_second), pytest.raises(DatabaseError):
        report(first.plaintext, second.plaintext)

    assert [hold_of(each.token) for each in (first, second)] == ["leak", ""]
    assert [letter.subject.split()[0] for letter in mail.outbox] == ["first"]


def test_letters_are_written_behind_the_answer(db: None) -> None:
    written: list[str] = []
    answer = Accepted([lambda: written.append("letter")])
    assert written == []

    answer.close()

    assert written == ["letter"]
