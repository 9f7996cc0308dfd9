"""The same bytes through nginx as deploy/ has it: never more than one answer, never let in, and nginx goes on."""

import socket
import ssl
from contextlib import suppress

import pytest

from tests.server.deployed import HOST, Deployed
from tests.server.test_raw_requests import REQUESTS, SECRET
from tests.waiting import PATIENCE_SECONDS

SELF = "/api/v1/tokens/self"
QUIET_SECONDS = 2
CHUNKED = b"Transfer-Encoding: chunked\r\n"
# What one server takes for a body and another for the next request.
HIDDEN = b"GET /api/v1/tokens/self HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n"
SMUGGLED = {
    "length before chunks": b"Content-Length: %d\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks before a length": CHUNKED + b"Content-Length: %d\r\n\r\n0\r\n\r\n",
    "chunks in disguise": b"Content-Length: %d\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "chunks behind a tab": b"Content-Length: %d\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "chunks with a space": b"Content-Length: %d\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "two codings": b"Content-Length: %d\r\nTransfer-Encoding: identity\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n",
    "a length with a sign": b"Content-Length: +%d\r\n\r\n",
}


def send(here: Deployed, data: bytes, *, answers: int = 1) -> bytes:
    """All that comes back over TLS: so many answers, and what else comes soon after them or before the end."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    received = b""
    with (
        socket.create_connection(("127.0.0.1", here.tls), PATIENCE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as connection,
        suppress(ConnectionError, TimeoutError, ssl.SSLError),
    ):
        connection.sendall(data)
        while part := connection.recv(65_536):
            received += part
            connection.settimeout(PATIENCE_SECONDS if len(statuses(received)) < answers else QUIET_SECONDS)
    return received


def statuses(received: bytes) -> list[int]:
    return [int(part.split(b" ", 1)[0]) for part in received.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("request_bytes", [entry[0] for entry in REQUESTS.values()], ids=REQUESTS)
def test_each_awkward_request_is_refused_once(here: Deployed, token: str, request_bytes: bytes) -> None:
    received = send(here, request_bytes.replace(b"Host: localhost", b"Host: " + HOST.encode()))

    assert len(statuses(received)) <= 1  # what is no HTTP/1.x at all is answered without a status line
    assert all(400 <= status < 600 for status in statuses(received))
    assert SECRET not in received
    assert here.get(SELF, Authorization=f"Bearer {token}").status_code == 200


def posted(token: str, framing: bytes) -> bytes:
    """A request that says of itself how long it is, and another one that may be its body or not."""
    hidden = HIDDEN % (HOST.encode(), token.encode())
    if b"%d" in framing:
        framing = framing % (len(hidden) + len(framing.partition(b"\r\n\r\n")[2]))
    return b"POST /api/v1/introspect HTTP/1.1\r\nHost: %s\r\n" % HOST.encode() + framing + hidden


@pytest.mark.parametrize("framing", SMUGGLED.values(), ids=SMUGGLED)
def test_a_request_in_a_body_is_no_request(here: Deployed, token: str, framing: bytes) -> None:
    received = send(here, posted(token, framing))

    assert len(statuses(received)) == 1
    assert statuses(received)[0] >= 400


def test_a_request_behind_another_is_one(here: Deployed, token: str) -> None:
    received = send(here, posted(token, b"Content-Length: 0\r\n\r\n"), answers=2)

    assert statuses(received) == [401, 200]


def test_a_body_that_never_ends_holds_nobody_else(here: Deployed, token: str) -> None:
    head = b"POST /api/v1/introspect HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\nhalf" % HOST.encode()
    slow = []
    for _ in range(40):
        connection = socket.create_connection(("127.0.0.1", here.plain), PATIENCE_SECONDS)
        connection.sendall(head)
        slow.append(connection)

    answer = here.get(SELF, Authorization=f"Bearer {token}")

    assert answer.status_code == 200
    for connection in slow:
        connection.close()
