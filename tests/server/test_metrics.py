"""The metrics of the real server: of all workers together, at their own address, and only where they are asked for."""

import socket

import pytest

from tests.config.test_metrics import SAMPLE
from tests.server.app import Server
from tests.server.ports import free_port, is_open
from tests.server.proxies import call
from tests.server.test_gunicorn import call_many
from tests.waiting import wait_for


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def measured(server: Server, port: int) -> Server:
    server.choices |= {"METRICS_BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "3", "USAGE_FLUSH_SECONDS": "1"}
    server.start()
    return server


def read(port: int) -> dict[str, float]:
    answer = call(port, "/metrics")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    samples = map(SAMPLE.fullmatch, filter(lambda line: line[0] != "#", answer.body.decode().splitlines()))
    return {f"{sample[1]} {sample[3] or ''}".strip(): float(sample[4]) for sample in samples if sample}


def test_calls_of_all_workers_are_told_together_and_recycling_forgets_none(
    server: Server, port: int, texts: list[str]
) -> None:
    server.choices |= {
        "METRICS_BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "3",
        "GUNICORN_CMD_ARGS": "--max-requests 60 --max-requests-jitter 0",
    }
    server.start()

    answers = call_many(server, texts[0], calls=400)
    refused = call_many(server, "trk_wrong", calls=40)

    wait_for(lambda: read(port)["tokenrack_calls_total let_in"] >= answers[200])
    found = read(port)
    assert found["tokenrack_calls_total let_in"] == answers[200]
    assert found["tokenrack_calls_total credential_invalid"] >= refused[401]
    assert server.log.count("Booting worker") > 3
    server.end()


def test_a_limit_and_the_backlog_are_told(server: Server, port: int, texts: list[str]) -> None:
    server.choices |= {
        "METRICS_BIND": f"127.0.0.1:{port}",
        "API_CALLS_PER_MINUTE": "5",
        "USAGE_FLUSH_SECONDS": "1",
    }
    server.start()
    lock = server.connection()
    assert [lock.call(texts[0]) for _ in range(8)].count(429) == 3

    assert read(port)["tokenrack_calls_total rate_limited"] == 3
    wait_for(lambda: read(port)["tokenrack_usage_lag_seconds"] > 0)
    assert read(port)["tokenrack_usage_backlog_calls"] == 0


def test_the_address_is_free_again_when_the_server_has_ended_or_was_killed(measured: Server, port: int) -> None:
    measured.end()
    measured.start()
    assert read(port)["tokenrack_calls_total let_in"] == 0

    assert measured.process
    measured.process.kill()  # the master alone: nothing tells the others
    wait_for(lambda: not is_open(port))


def test_nothing_is_told_where_calls_come_in_and_nothing_else_where_metrics_are(measured: Server, port: int) -> None:
    assert call(measured.port, "/api/metrics").status == 404
    assert [call(port, path).status for path in ("/", "/api/v1/me", "/metrics/", "/healthz")] == [404] * 4
    assert b"tokenrack_" not in call(port, "/").body
    assert call(port, "/metrics", "POST").status == 501


def test_an_address_that_is_taken_stops_the_start(server: Server, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        server.choices["METRICS_BIND"] = f"127.0.0.1:{port}"

        with pytest.raises(AssertionError, match="METRICS_BIND: Address already in use"):
            server.start()
