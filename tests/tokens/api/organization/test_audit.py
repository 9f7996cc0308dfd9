"""The audit log of an organization, as programs read it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from accounts import audit, chain
from accounts.actor import Actor
from accounts.models import AuditEvent, Organization, User
from tests.factories import OrganizationFactory
from tests.tokens.api.scripts import Script, assert_problem, pointers
from tokens.events import COLUMNS, described

AUDIT = "organization/meridian/audit"


@pytest.fixture
def log(organization: Organization, bob: User) -> None:
    for day, action in enumerate(("token.created", "token.revoked", "policy.changed"), start=1):
        with time_machine.travel(datetime(2026, 3, day, 12, 30, 0, 123456, tzinfo=UTC), tick=False):
            audit.record(action, actor=Actor(bob, "192.0.2.7"), organization=organization, rate="0.1")
    audit.record("token.leaked", actor=Actor(bob), organization=OrganizationFactory())


FOUND: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["policy.changed", "token.revoked", "token.created"]),
    ({"limit": 2}, ["policy.changed", "token.revoked"]),
    ({"action": "token.revoked"}, ["token.revoked"]),
    ({"since": "2026-03-02T12:30:00.123456Z"}, ["policy.changed", "token.revoked"]),
    ({"until": "2026-03-02T13:30:00.123456+01:00"}, ["token.created"]),
    ({"q": "192.0.2.7", "until": "2026-03-02T00:00:00Z"}, ["token.created"]),
]


@pytest.fixture
def auditor(log: None, reader: Script) -> Script:
    """Its own creation is in the log too, later than everything asked for below."""
    return reader


def actions(events: list[dict[str, Any]]) -> list[str]:
    return [event["action"] for event in events if event["occurred_at"].startswith("2026-03")]


@pytest.mark.parametrize(("query", "found"), FOUND, ids=str)
def test_events_are_found_and_those_of_others_are_not(auditor: Script, query: dict[str, Any], found: list[str]) -> None:
    query = {"until": "2026-04-01T00:00:00Z"} | query

    assert actions(auditor.get(AUDIT, **query).json()["items"]) == found


@pytest.mark.parametrize(("query", "found"), [pair for pair in FOUND if "limit" not in pair[0]], ids=str)
def test_the_export_holds_the_same_oldest_first(auditor: Script, query: dict[str, Any], found: list[str]) -> None:
    answer = auditor.get(f"{AUDIT}/export", **query)

    lines = [json.loads(line) for line in answer.getvalue().decode().splitlines()]
    assert answer["Content-Type"] == "application/jsonl"
    assert actions(lines) == found[::-1]
    assert "audit.exported" not in {line["action"] for line in lines}
    told = AuditEvent.objects.latest("pk")
    assert (told.action, told.details["filter"].keys()) == ("audit.exported", query.keys())
    assert told.details["through"] == auditor.issued.token.hint


def test_an_event_can_be_checked_against_its_signature(auditor: Script) -> None:
    (item,) = auditor.get(AUDIT, action="token.revoked").json()["items"]

    event = AuditEvent.objects.get(action="token.revoked")
    assert list(item) == COLUMNS
    assert item == json.loads(json.dumps(described(event), default=chain.in_words))
    assert item["occurred_at"] == "2026-03-02T12:30:00.123456Z"


@pytest.mark.parametrize("path", [AUDIT, f"{AUDIT}/export"])
@pytest.mark.parametrize(
    "query",
    [{"action": "token.eaten"}, {"since": "yesterday"}, {"until": "2026-03-02"}, {"q": "\x00"}, {"day": "1"}],
    ids=ascii,
)
def test_a_word_that_makes_no_sense_is_refused(auditor: Script, path: str, query: dict[str, str]) -> None:
    response = auditor.get(path, **query)

    assert_problem(response, 422, "invalid_request")
    assert pointers(response) == [f"/{next(iter(query))}"]
    assert not AuditEvent.objects.filter(action="audit.exported").exists()
