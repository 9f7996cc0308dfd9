"""The leak desk finds whose token a text is, within the organization, and forgets the text."""

import logging
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.signals import got_request_exception
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.views.debug import ExceptionReporter

from accounts.actor import Actor
from accounts.models import AuditEvent, License, Organization, User
from accounts.session_store import content_of
from tests.accounts.test_recency import age_sign_in
from tests.conftest import signed_in
from tests.factories import LicenseFactory, issue, rename
from tokens import hashing, lifecycle, shapes
from tokens.lifecycle import Issued
from tokens.models import TextShape, Token

DESK = "/admin/meridian/leaks/"
NOTHING = "No token of Meridian Cartography matches."


@pytest.fixture
def client(bob: User) -> Client:
    return signed_in(bob)


def found(client: Client, text: str) -> list[Token]:
    answer = client.post(DESK, {"text": text})
    assert answer.status_code == 200
    tokens = [token for token, _ in answer.context["found"]]
    assert (NOTHING in answer.content.decode()) is (tokens == [])
    return tokens


def place_of(client: Client, text: str) -> str:
    """Where the one token that a text leads to is revoked."""
    ((_, proof),) = client.post(DESK, {"text": text}).context["found"]
    return f"{DESK}{proof}/revoke/"


@pytest.mark.parametrize(
    "line",
    [
        "{text}",
        "  {text}\n",
        "Bearer {text}",
        "Authorization: Token {text}",
        "export TOKENRACK_TOKEN='{text}'; run",
        '{{"api-token":"{text}"}}',
        "https://example.org/?key={text}&page=2",
        "{hint}",
        "{dots}",
        "the token {dots}, seen in a log",
    ],
)
def test_a_token_is_found_in_whatever_was_pasted_around_it(issued: Issued, client: Client, line: str) -> None:
    issue(issued.token.license, name="other")
    hint = issued.token.hint
    text = line.format(text=str(issued.plaintext), hint=hint, dots=hint.replace("…", "..."))

    assert found(client, text) == [issued.token]


@pytest.mark.parametrize("spoil", [lambda text: text[:-1], lambda text: text[:-1] + "!", lambda text: text + "0"])
def test_a_text_that_is_no_token_is_not_found(issued: Issued, client: Client, spoil: Any) -> None:
    assert found(client, spoil(str(issued.plaintext))) == []


@pytest.mark.parametrize(
    "line", ["Authorization: Token {text}", "export TOKEN='{text}';", "https://x.example/?key={text}&a=b"]
)
@pytest.mark.parametrize("is_hashed", [False, True])
def test_a_token_that_was_taken_over_is_found_by_the_text_it_has(
    issued: Issued, client: Client, line: str, is_hashed: bool
) -> None:
    text, shape = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b", "sha512-hex-40" if is_hashed else "hex-40"
    TextShape.objects.create(name=shape)
    digest = shapes.digest_of_text(text, hashing.newest_pepper(), is_hashed=is_hashed)
    Token.objects.filter(pk=issued.token.pk).update(digest=digest, shape=shape)

    assert found(client, line.format(text=text)) == [issued.token]


def test_several_tokens_may_share_a_hint(issued: Issued, client: Client) -> None:
    second = issue(issued.token.license, name="other").token
    rename(Token.objects.all(), hint=issued.token.hint)

    assert found(client, issued.token.hint) == [second, issued.token]


def test_an_account_token_of_a_member_is_found(alice: User, client: Client) -> None:
    issued = lifecycle.regenerate(actor=Actor(alice), owner=alice)

    assert found(client, str(issued.plaintext)) == [issued.token]


@pytest.mark.parametrize("by_hint", [True, False])
@pytest.mark.parametrize("whose", ["named", "account", "former member", "nobody's"])
def test_what_others_govern_answers_as_what_is_unknown(
    alices_license: License, mallory: User, client: Client, whose: str, by_hint: bool
) -> None:
    if whose == "named":
        issued = issue(mallory.licenses.get())
    elif whose == "account":
        issued = lifecycle.regenerate(actor=Actor(mallory), owner=mallory)
    else:
        former = LicenseFactory(organization=alices_license.organization).user
        LicenseFactory(user=former, individual=True)
        issued = lifecycle.regenerate(actor=Actor(former), owner=former)
        former.licenses.exclude(organization=None).update(valid_until=timezone.now() - timedelta(seconds=1))
    if whose == "nobody's":
        Token.objects.filter(pk=issued.token.pk).delete()

    assert found(client, issued.token.hint if by_hint else str(issued.plaintext)) == []


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "x" * 501])
def test_what_cannot_be_a_token_is_refused_and_not_repeated(
    client: Client, organization: Organization, text: str
) -> None:
    answer = client.post(DESK, {"text": text})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert answer.context["found"] is None
    assert "x" * 20 not in answer.content.decode()


def test_the_answer_says_whose_it_is_and_how_it_stands(issued: Issued, client: Client) -> None:
    at = timezone.now()
    used = {"first_used_at": at, "last_used_at": at, "last_used_address": "198.51.100.9"}
    Token.objects.filter(pk=issued.token.pk).update(**used)

    page = client.post(DESK, {"text": str(issued.plaintext)}).content.decode()

    for fact in ("Alice Holm", "alice@example.org", "Studio ST-20417", "Active", "198.51.100.9", issued.token.hint):
        assert fact in page
    assert f"/admin/meridian/tokens/{issued.token.pk}/" in page


def test_revoking_from_the_desk_asks_stops_for_good_and_says_so(
    issued: Issued, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    place = place_of(client, issued.plaintext)
    assert "never comes back" in client.get(place).content.decode()
    assert Token.objects.get(pk=issued.token.pk).hold == ""

    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            assert client.post(place).url == DESK

    assert Token.objects.get(pk=issued.token.pk).hold == "leak"
    assert AuditEvent.objects.filter(action="token.leaked").count() == len(mail.outbox) == 1
    assert "for good" in client.get(f"/admin/meridian/tokens/{issued.token.pk}/").content.decode()
    assert "Revoke as leaked" not in client.post(DESK, {"text": str(issued.plaintext)}).content.decode()


def test_an_account_token_is_reached_by_its_text_alone(alice: User, client: Client) -> None:
    token = lifecycle.regenerate(actor=Actor(alice), owner=alice).token

    assert found(client, token.hint) == []
    assert client.post(f"{DESK}{token.pk}/revoke/").status_code == 404
    assert Token.objects.get(pk=token.pk).hold == ""


def test_what_one_administrator_found_another_does_not_revoke(
    issued: Issued, client: Client, organization: Organization, mallory: User
) -> None:
    place = place_of(client, issued.plaintext)
    colleague = LicenseFactory(organization=organization, administrator=True).user

    answers = [
        signed_in(colleague).post(place),
        signed_in(mallory).post(place),
        signed_in(mallory).post(place.replace("meridian", "elsewhere")),
        client.post(place.replace("/revoke/", "x/revoke/")),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert Token.objects.get(pk=issued.token.pk).hold == ""


def test_thirty_tokens_with_one_hint_take_no_more_queries_than_two(issued: Issued, client: Client) -> None:
    License.objects.update(allowance=40)
    counts = []
    for names in (["a"], [f"name-{number}" for number in range(15)]):
        for name in names:
            issue(License.objects.get(pk=issued.token.license_id), name=name)
        rename(Token.objects.all(), hint=issued.token.hint)
        with CaptureQueriesContext(connection) as queries:
            found(client, issued.token.hint)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("is_recent", [True, False])
def test_the_pasted_text_is_nowhere_afterwards(
    issued: Issued,
    client: Client,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
    is_recent: bool,
) -> None:
    if not is_recent:
        age_sign_in(client, 3600)
    text = f"Bearer {issued.plaintext} CANARY"
    caplog.set_level(logging.DEBUG)

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(DESK, {"text": text})
        client.get(DESK)
        if is_recent:
            client.post(place_of(client, issued.plaintext))

    assert answer.status_code == (200 if is_recent else 302)
    letters = [f"{letter.subject}{letter.body}{letter.alternatives}" for letter in mail.outbox]  # type: ignore[attr-defined]
    sessions = [content_of(session) for session in Session.objects.all()]
    everything = f"{answer.content!r}{answer.headers}{sessions}{caplog.text}{letters}{dump()}"
    assert issued.token.hint in everything
    assert "CANARY" not in everything
    assert str(issued.plaintext)[4:40] not in everything


def dump() -> str:
    """Every row of every table."""
    rows: list[Any] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += cursor.fetchall()
    return repr(rows)


def test_the_desk_asks_for_a_recent_sign_in_when_it_is_opened(client: Client, organization: Organization) -> None:
    age_sign_in(client, 3600)

    assert client.get(DESK).url.startswith("/account/reauthenticate/")


def test_a_report_of_a_failure_at_the_desk_does_not_hold_the_text(issued: Issued, client: Client) -> None:
    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'FROM "tokens_token"' in sql:
            raise DatabaseError("The disk is full.")
        return execute(sql, params, many, context)

    def report(request: Any, **kwargs: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_text(), reporter.get_traceback_html()])

    reports: list[str] = []
    client.raise_request_exception = False
    got_request_exception.connect(report)
    with connection.execute_wrapper(fail):
        client.post(DESK, {"text": f"CANARY {issued.plaintext}"})
    got_request_exception.disconnect(report)

    assert len(reports) == 2
    assert "The disk is full." in reports[0]
    assert "CANARY" not in "".join(reports)
    assert str(issued.plaintext) not in "".join(reports)
