"""The real server is told to end while calls run: those are finished, what was counted is written, and it ends."""

import socket

from tests.server.app import Server
from tests.waiting import PATIENCE_SECONDS, wait_for

CALLS = 20
BODY = b'{"name": "Ada"}'


def start(server: Server, *, grace_seconds: int = PATIENCE_SECONDS) -> None:
    """Nothing is written before the end by itself."""
    server.choices |= {"USAGE_FLUSH_SECONDS": "60", "GUNICORN_CMD_ARGS": f"--graceful-timeout {grace_seconds}"}
    server.start()


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


def test_a_call_that_runs_is_answered_and_counted(server: Server, account_token: str) -> None:
    start(server)
    connection = begin_call(server, account_token)

    assert server.process
    server.process.terminate()
    wait_for(lambda: "Handling signal: term" in server.log)
    connection.sendall(BODY)

    assert answer_on(connection).startswith(b"HTTP/1.1 200 ")
    assert server.process.wait(PATIENCE_SECONDS) == 0
    assert server.calls_of(account_token) == 1


def test_a_caller_who_never_ends_keeps_neither_the_end_nor_the_counters_back(
    server: Server, account_token: str, texts: list[str]
) -> None:
    start(server, grace_seconds=4)
    calls = server.connection()
    assert [calls.call(texts[0]) for _ in range(CALLS)] == [200] * CALLS
    with begin_call(server, account_token):
        server.end()

    assert server.calls_of(texts[0]) == CALLS


def test_counters_that_cannot_be_written_at_the_end_are_said_and_it_ends(server: Server, texts: list[str]) -> None:
    start(server)
    assert server.connection().call(texts[0]) == 200
    server.ask("ALTER TABLE tokens_tokenday RENAME TO gone")

    server.end()

    assert "Usage could not be written" in server.log
