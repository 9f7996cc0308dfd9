"""What a load balancer is told, and that asking costs nobody anything."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from config import probes
from config.probes import AWAY, BEHIND, READY, Readiness

PROBES = ("/healthz", "/readyz")
ELSEWHERE = {"SERVER_NAME": "10.0.0.7", "SERVER_PORT": "8000"}


@pytest.fixture
def readiness(monkeypatch: pytest.MonkeyPatch) -> Readiness:
    """One that has not looked yet, and looks each time."""
    monkeypatch.setattr(probes, "LOOKS_EVERY_SECONDS", 0)
    readiness = Readiness(probes.look)
    monkeypatch.setattr(probes, "readiness", readiness)
    return readiness


@pytest.fixture
def hanging(readiness: Readiness, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A database that says nothing until the event is set."""
    answers = threading.Event()
    monkeypatch.setattr(probes, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(readiness, "look", lambda: answers.wait(30) and READY)
    yield answers
    answers.set()
    readiness.is_over.wait(30)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", PROBES)
def test_it_says_yes_to_whoever_asks_by_address(readiness: Readiness, settings: Any, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True

    answer = Client().get(path, **ELSEWHERE)

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    assert not answer.cookies


def test_alive_asks_no_database() -> None:
    assert Client().get("/healthz").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", PROBES)
def test_head_has_the_length_and_no_body(readiness: Readiness, path: str) -> None:
    answer = Client().head(path)

    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "3")


@pytest.mark.parametrize("path", PROBES)
def test_other_methods_are_not_allowed(path: str) -> None:
    answer = Client().post(path)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.django_db(transaction=True)
def test_it_is_not_ready_before_the_newest_migration_and_says_nothing_secret(
    readiness: Readiness, caplog: pytest.LogCaptureFixture
) -> None:
    newest = max(name for app, name in probes.newest_migrations() if app == "tokens")
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("tokens", newest)
    try:
        answers = [Client().get("/readyz") for _ in range(3)]
    finally:
        recorder.record_applied("tokens", newest)

    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].json() == {
        "type": "about:blank",
        "title": "The database is not up to date.",
        "status": 503,
        "code": BEHIND,
    }
    assert answers[0].headers["Content-Type"] == "application/problem+json"
    assert answers[0].headers["Retry-After"] == "5"
    assert Client().get("/readyz").status_code == 200
    assert lines_of(caplog) == ["Not ready, migrations_missing: The database is not up to date.", "Ready again."]


def test_a_database_that_fails_is_said_once_without_its_words(
    readiness: Readiness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise OperationalError('password authentication failed for user "tokenrack" at db.internal')

    monkeypatch.setattr(readiness, "look", fail)

    answers = [Client().get("/readyz") for _ in range(3)]

    assert [answer.json()["code"] for answer in answers] == [AWAY] * 3
    assert b"db.internal" not in answers[0].content
    assert lines_of(caplog) == ["Not ready, database_away: OperationalError"]


def test_a_database_that_hangs_holds_one_thread_however_many_ask(
    readiness: Readiness, hanging: threading.Event
) -> None:
    before = threading.enumerate()  # the thread of an earlier test may be at its very end

    codes = [Client().get("/readyz").json()["code"] for _ in range(5)]

    assert codes == [AWAY] * 5
    assert [thread.name for thread in threading.enumerate() if thread not in before] == ["readiness"]
    hanging.set()
    assert readiness.is_over.wait(30)
    assert readiness.fault() == READY


def test_the_database_is_asked_no_more_often_than_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "LOOKS_EVERY_SECONDS", 3600)
    looks: list[int] = []
    readiness = Readiness(lambda: looks.append(1) or READY)

    assert [readiness.fault() for _ in range(100)] == [READY] * 100
    assert len(looks) == 1


def test_the_real_look_finds_every_app_up_to_date(db: None) -> None:
    assert probes.look() == READY
    assert {"accounts", "tokens", "account", "mfa", "sessions"} <= {app for app, _ in probes.newest_migrations()}


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
