"""The real server is told to end while calls run: those are finished, what was counted is written, and it ends."""

import socket
from collections.abc import Iterator

import pytest

from tests.server.app import PATIENCE_SECONDS, Server
from tests.server.test_gunicorn import wait_for

CALLS = 20
GRACE_SECONDS = 4
BODY = b'{"name": "Ada"}'


@pytest.fixture
def running(server: Server) -> Iterator[Server]:
    """Nothing is written before the end by itself."""
    server.choices |= {"USAGE_FLUSH_SECONDS": "60", "GUNICORN_CMD_ARGS": f"--graceful-timeout {GRACE_SECONDS}"}
    server.start()
    return server


def begin_call(server: Server, token: str) -> socket.socket:
    """A call that runs: the server has read its head, and waits for the body."""
    connection = socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS)
    head = (
        "PATCH /api/v1/me HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(BODY)}\r\nExpect: 100-continue\r\n\r\n"
    )
    connection.sendall(head.encode())
    assert connection.recv(100).startswith(b"HTTP/1.1 100")
    return connection


def answer_on(connection: socket.socket) -> bytes:
    received = b""
    while part := connection.recv(65_536):
        received += part
    return received


def test_a_call_that_runs_is_answered_and_counted(running: Server, account_token: str) -> None:
    connection = begin_call(running, account_token)

    assert running.process
    running.process.terminate()
    wait_for(lambda: "Handling signal: term" in running.log)
    connection.sendall(BODY)

    assert answer_on(connection).startswith(b"HTTP/1.1 200 ")
    assert running.process.wait(PATIENCE_SECONDS) == 0
    assert running.calls_of(account_token) == 1


def test_a_caller_who_never_ends_keeps_neither_the_end_nor_the_counters_back(
    running: Server, account_token: str, texts: list[str]
) -> None:
    calls = running.connection()
    assert [calls.call(texts[0]) for _ in range(CALLS)] == [200] * CALLS
    with begin_call(running, account_token):
        running.end()

    assert running.calls_of(texts[0]) == CALLS


def test_counters_that_cannot_be_written_at_the_end_are_said_and_it_ends(running: Server, texts: list[str]) -> None:
    assert running.connection().call(texts[0]) == 200
    running.ask("ALTER TABLE tokens_tokenday RENAME TO gone")

    running.end()

    assert "Usage could not be written" in running.log
