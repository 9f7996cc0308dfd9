"""The audit log of an organization: what its page shows, finds and exports, and to whom."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import audit, chain
from accounts.actor import Actor
from accounts.models import AuditEvent, License, Organization, User
from tests.conftest import signed_in
from tests.factories import OrganizationFactory, issue
from tokens import feed, lifecycle
from tokens.events import defused

PAGE = "/admin/meridian/audit/"


@pytest.fixture
def client(bob: User) -> Iterator[Client]:
    """Bob's, who reads by the clock of Auckland."""
    client = signed_in(bob)
    User.objects.filter(pk=bob.pk).update(time_zone="Pacific/Auckland")
    return client


@pytest.fixture
def log(organization: Organization, alices_license: License, bob: User) -> None:
    """Three events of Meridian on three days, and one of somebody else's."""
    alice = Actor(alices_license.user, "198.51.100.9", "curl/8")
    for day in (1, 2, 3):
        with time_machine.travel(datetime(2026, 3, day, 12, 30, tzinfo=UTC), tick=False):
            audit.record(f"seen.{day}", actor=alice if day == 2 else Actor(bob), organization=organization)
    audit.record("seen.elsewhere", actor=alice, organization=OrganizationFactory())


def shown(client: Client, **query: str) -> list[str]:
    return [entry.action for entry in client.get(PAGE, query).context["entries"] if entry.action.startswith("seen.")]


def exported(client: Client, format: str = "jsonl", **query: str) -> str:
    answer = client.get(reverse(f"organization-audit-{format}", args=["meridian"]), query)
    assert isinstance(answer, StreamingHttpResponse)
    return b"".join(answer.streaming_content).decode()


FILTERS: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["seen.3", "seen.2", "seen.1"]),
    ({"q": "alice"}, ["seen.2"]),
    ({"q": "Alice Holm"}, ["seen.2"]),
    ({"q": "198.51.100"}, ["seen.2"]),
    ({"q": "no such thing"}, []),
    ({"since": "2026-03-03"}, ["seen.3", "seen.2"]),  # half past twelve in Greenwich is tomorrow in Auckland
    ({"until": "2026-03-03"}, ["seen.2", "seen.1"]),
    ({"since": "2026-03-03", "until": "2026-03-03"}, ["seen.2"]),
    ({"action": "token.created"}, []),
    ({"action": "no.such"}, ["seen.3", "seen.2", "seen.1"]),
    ({"q": "a\x00b"}, ["seen.3", "seen.2", "seen.1"]),
    ({"q": "a" * 101}, ["seen.3", "seen.2", "seen.1"]),
    ({"since": "yesterday", "until": "9999-12-31"}, ["seen.3", "seen.2", "seen.1"]),
    ({"since": "0001-01-01"}, ["seen.3", "seen.2", "seen.1"]),
    ({"after": "nonsense"}, ["seen.3", "seen.2", "seen.1"]),
]


@pytest.mark.parametrize(("query", "found"), FILTERS)
def test_the_page_and_the_export_find_the_same(
    log: None, client: Client, query: dict[str, str], found: list[str]
) -> None:
    lines = [json.loads(line)["action"] for line in exported(client, **query).splitlines()]

    assert [action for action in reversed(lines) if action.startswith("seen.")] == found
    assert shown(client, **query) == found


@pytest.mark.parametrize("words", ["nightly", "{hint}", "{dots}"])
def test_a_token_is_found_by_its_name_and_its_hint(alices_license: License, client: Client, words: str) -> None:
    token = issue(alices_license, name="nightly-export").token
    issue(alices_license, name="other")
    words = words.format(hint=token.hint, dots=token.hint.replace("…", "..."))

    entries = client.get(PAGE, {"q": words}).context["entries"]

    assert [entry.hint for entry in entries] == [token.hint]


def test_every_action_that_has_words_can_be_chosen_once() -> None:
    chosen = [action for _, actions in feed.ACTION_CHOICES for action, _ in actions]

    assert sorted(chosen) == sorted(feed.SENTENCES)


def test_old_and_new_values_are_told(alices_license: License, client: Client) -> None:
    token = issue(alices_license, scope="account:read").token
    lifecycle.edit(actor=Actor(token.owner), token=token, name="hourly", scope=["tokens:read"], revoke_on_sign_out=True)

    page = client.get(PAGE, {"action": "token.edited"})

    facts = [(fact.name, fact.old, fact.new) for fact in page.context["entries"][0].facts]
    assert facts == [
        ("Name", "nightly-export", "hourly"),
        ("Scope", "account:read", "tokens:read"),
        ("Revoke on sign out", "no", "yes"),
    ]
    assert "nightly-export → hourly" in page.content.decode()


def test_pages_follow_one_another_by_position(
    organization: Organization, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokens.pages.organization.audit.EVENTS_SHOWN", 2)
    for number in range(4):
        audit.record(f"seen.{number}", actor=Actor(None), organization=organization)
    first = client.get(PAGE)
    audit.record("seen.late", actor=Actor(None), organization=organization)

    second = client.get(PAGE + first.context["page"].older)

    assert [entry.action for entry in second.context["entries"]] == ["seen.1", "seen.0"]
    assert "Older" in second.content.decode()


def test_an_empty_answer_leads_back_to_everything(client: Client) -> None:
    page = client.get(PAGE, {"q": "no such thing"}).content.decode()

    assert "No event matches" in page


def test_more_events_take_no_more_queries(organization: Organization, alice: User, bob: User, client: Client) -> None:
    counts = []
    for _ in range(2):
        for _ in range(10):
            audit.record("token.seen", actor=Actor(alice), subject=bob, organization=organization)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(PAGE)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_an_export_flows_in_one_query_line_by_line(
    organization: Organization, alice: User, bob: User, client: Client, format: str
) -> None:
    for _ in range(30):
        audit.record("token.seen", actor=Actor(alice), subject=bob, organization=organization)
    answer = client.get(reverse(f"organization-audit-{format}", args=["meridian"]))

    with CaptureQueriesContext(connection) as queries:
        pieces = list(answer.streaming_content)

    assert len(queries) == 1
    assert len(pieces) > 30
    assert "Content-Length" not in answer.headers
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-meridian-')
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_exported_line_can_be_verified_by_whoever_holds_the_key(log: None, client: Client) -> None:
    events = [json.loads(line) for line in exported(client).splitlines()]

    former = chain.BEGINNING
    for event in events:
        columns = {name: value for name, value in event.items() if name not in {"actor", "subject", "mac"}}
        assert chain.mac("event", columns, former).hex() == event["mac"]
        former = bytes.fromhex(event["mac"])
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))


@pytest.mark.parametrize(
    ("text", "safe"),
    [("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"), ("a\t+1", "a\t'+1"), ("＝1+1", "'＝1+1"), ("a=b;c", "a=b;c")],
)
def test_a_field_is_defused_for_sheets_that_part_it_otherwise(text: str, safe: str) -> None:
    assert defused(text) == safe


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\x00", "\x1b", "\x85"])
def test_a_field_that_a_spreadsheet_would_run_is_defused(start: str) -> None:
    assert defused(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["", "curl/8", "a=b", " =1", "198.51.100.9", "{}"])
def test_other_fields_stay_as_they_are(text: str) -> None:
    assert defused(text) == text


def test_a_csv_export_keeps_commas_quotes_and_lines_inside_their_field(
    organization: Organization, client: Client
) -> None:
    actor = Actor(None, "198.51.100.9", '=HYPERLINK("x"), "two"')
    audit.record("seen", actor=actor, organization=organization, said='a "b",\nc')

    text = exported(client, "csv", q="198.51.100.9")

    names, row = csv.reader(io.StringIO(text, newline=""))
    event = dict(zip(names, row, strict=True))
    assert event["user_agent"] == '\'=HYPERLINK("x"), "two"'
    assert json.loads(event["details"]) == {"said": 'a "b",\nc'}
    assert event["occurred_at"].endswith("Z")
    assert text.count("\r\n") == 2


def test_an_export_is_an_event_with_its_filter_but_without_a_pasted_token(
    alices_license: License, bob: User, client: Client
) -> None:
    issued = issue(alices_license)

    text = exported(client, "csv", q=str(issued.plaintext), since="2026-03-01")

    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor, event.organization) == ("audit.exported", bob, alices_license.organization)
    assert event.details == {"format": "csv", "filter": {"q": issued.token.hint, "since": "2026-03-01"}}
    assert "audit.exported" not in text


@pytest.mark.parametrize("stranger", ["alice", "mallory", "charlie"])
def test_an_export_is_not_there_for_who_does_not_govern(
    log: None, request: pytest.FixtureRequest, stranger: str
) -> None:
    client = signed_in(request.getfixturevalue(stranger))

    statuses: list[Any] = [client.get(f"{PAGE}export.{format}").status_code for format in ("csv", "jsonl")]

    assert statuses == [404, 404]
    assert not AuditEvent.objects.filter(action="audit.exported").exists()
