"""What is counted, and what Prometheus reads."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.models import License
from config import measuring, metrics
from config.application import Application
from config.environment import Environment, SettingError
from config.measuring import made_application, outcome_of
from config.metrics import BACKLOG, COLUMN_OF, LET_IN, SIZE, WRITTEN_AT, Board
from config.metrics_server import exposition
from tests.factories import issue
from tokens import refusals
from tokens.ledger import ledger
from tokens.lifecycle import Issued
from tokens.problems import problem, problem_of
from tokens.refusals import Refused

SAMPLE = re.compile(r'(tokenrack_\w+)(?:\{(\w+)="([^"]+)"\})? (-?[0-9.e+-]+)')


@pytest.fixture
def memory() -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        file.truncate(SIZE)
        yield file.fileno()


@pytest.fixture
def issued(alices_license: License) -> Issued:
    return issue(alices_license)


@pytest.fixture
def board(memory: int, monkeypatch: pytest.MonkeyPatch) -> Board:
    board = Board(memory)
    monkeypatch.setattr(metrics, "board", board)
    return board


def read(board: Board, now: float = 0.0) -> dict[str, float]:
    """By name, and by the value of the one label where there is one. Every line must be one that Prometheus knows."""
    found: dict[str, float] = {}
    for line in exposition(board, now).splitlines():
        if line.startswith(("# HELP tokenrack_", "# TYPE tokenrack_")):
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        name, _, label, value = sample.groups()
        found[f"{name} {label}" if label else name] = float(value)
    return found


def test_off_means_that_nothing_is_counted() -> None:
    assert metrics.board is None
    assert type(made_application()) is Application


def test_a_refusal_counts_by_its_code_and_the_rest_by_status() -> None:
    refused = [
        outcome_of(problem_of(Refused(refusals.EXPIRED))),
        outcome_of(problem_of(Refused(refusals.RATE_LIMITED))),
    ]
    others = [outcome_of(problem(status, "whatever", "No.")) for status in (404, 418, 502, 503)]

    assert refused == ["token_expired", "rate_limited"]
    assert others == ["status_404", "status_400", "status_500", "status_503"]
    assert [outcome_of(HttpResponse(status=status)) for status in (200, 204, 302, 500)] == [
        LET_IN,
        LET_IN,
        LET_IN,
        "status_500",
    ]


@pytest.fixture(autouse=True)
def unlistened() -> Iterator[None]:
    yield
    got_request_exception.disconnect(measuring.note_exception)


def test_calls_are_counted_and_pages_are_not(board: Board, issued: Issued, one_connection: None) -> None:
    application = made_application()

    def ask(path: str, **extra: str) -> None:
        application(RequestFactory().get(path, **extra).environ, lambda *arguments: None)

    for _ in range(3):
        ask("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {issued.plaintext}")
    ask("/api/v1/me")
    ask("/api/v1/me", HTTP_AUTHORIZATION="Bearer nonsense")
    ask("/healthz")

    found = read(board)
    outcomes = {name.split()[1]: value for name, value in found.items() if name.startswith("tokenrack_calls_total")}
    assert {name: value for name, value in outcomes.items() if value} == {
        "let_in": 3,
        "credential_missing": 1,
        "credential_invalid": 1,
    }
    assert found["tokenrack_call_duration_seconds_count"] == 5
    assert found["tokenrack_call_duration_seconds_sum"] > 0


def test_buckets_add_up_as_prometheus_has_them(board: Board) -> None:
    for seconds in (0.0001, 0.0005, 0.003, 99.0):
        board.count_call(LET_IN, seconds)

    found = read(board)
    buckets = [found[f"tokenrack_call_duration_seconds_bucket {edge}"] for edge in ("0.0005", "0.001", "0.005", "+Inf")]
    assert buckets == [2, 2, 3, 4]
    assert found["tokenrack_call_duration_seconds_count"] == 4


def test_rows_are_added_and_whoever_takes_one_over_counts_on(memory: int) -> None:
    first, second = Board(memory), Board(memory)
    second.take(1)
    first.count_call(LET_IN, 1)
    second.count_call(LET_IN, 1)
    second.set(BACKLOG, 7)
    second.set(WRITTEN_AT, 1000)

    successor = Board(memory)
    successor.take(1)
    successor.count_call(LET_IN, 1)

    found = read(first, now=2000)
    assert found["tokenrack_calls_total let_in"] == 3
    assert found["tokenrack_usage_backlog_calls"] == 0
    assert found["tokenrack_usage_lag_seconds"] == 0


def test_a_turn_of_the_ledger_says_what_waits_and_since_when(
    board: Board, issued: Issued, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    monkeypatch.setattr("config.metrics.time.time", lambda: 1000.0)
    metrics.note_turn(is_written=ledger.flush(), waiting=ledger.waiting())
    client.get("/api/v1/me", headers={"Authorization": f"Bearer {issued.plaintext}"})

    def fail(gathered: object) -> None:
        raise OperationalError("The disk is full.")

    monkeypatch.setattr("tokens.ledger.ledger_sql.write", fail)
    monkeypatch.setattr("config.metrics.time.time", lambda: 1010.0)
    metrics.note_turn(is_written=ledger.flush(), waiting=ledger.waiting())

    found = read(board, now=1030)
    assert found["tokenrack_usage_backlog_calls"] == 1
    assert found["tokenrack_usage_lag_seconds"] == 30
    assert found["tokenrack_database_failures_total"] == 1


def test_what_the_database_breaks_is_counted_apart(board: Board) -> None:
    for error in (OperationalError("gone"), ValueError("ours")):
        try:
            raise error
        except type(error):
            measuring.note_exception()

    assert read(board)["tokenrack_database_failures_total"] == 1


def test_every_refusal_has_a_column() -> None:
    codes = {value.code for value in vars(refusals).values() if isinstance(value, refusals.Refusal)}

    assert len(codes) > 10
    assert codes <= COLUMN_OF.keys()


@pytest.mark.parametrize(
    ("value", "meant"),
    [("", None), ("127.0.0.1:9100", ("127.0.0.1", 9100)), ("[::1]:9100", ("::1", 9100)), ("0.0.0.0:1", ("0.0.0.0", 1))],
)
def test_an_address_is_understood(value: str, meant: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_BIND", value)

    assert Environment(Path("/nonexistent")).address("METRICS_BIND") == meant


@pytest.mark.parametrize("value", ["9100", ":9100", "localhost:9100", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999"])
def test_what_is_no_address_stops_the_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_BIND", value)

    with pytest.raises(SettingError, match=r"METRICS_BIND is .*, but it must look like 127\.0\.0\.1:9100"):
        Environment(Path("/nonexistent")).address("METRICS_BIND")
