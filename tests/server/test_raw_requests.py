"""Bytes that no HTTP library would send, against the real server: one clear problem each, and no secret in the log."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import pytest

from tests.server.app import Server
from tests.waiting import PATIENCE_SECONDS

ME = b"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\n"
PATCH = b"PATCH /api/v1/me HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CLOSE = b"Connection: close\r\n\r\n"
SECRET = b"trk_ThisWouldBeASecretInALog"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, demonstration: tuple[Path, list[str]]) -> Iterator[Server]:
    """One for all: nothing here changes anything."""
    server = Server(tmp_path_factory.mktemp("raw"), {"API_REFUSALS_PER_MINUTE": "1000000", "LOG_LEVEL": "DEBUG"})
    copyfile(demonstration[0], server.database)
    server.start()
    yield server
    server.kill()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        problem = json.loads(self.body)
        assert self.headers["content-type"] == "application/problem+json"
        assert problem["status"] == self.status
        return problem["code"]


def send(server: Server, data: bytes) -> list[Answer]:
    """Everything that comes back until the server closes the connection, which it is asked to."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS) as connection:
        received = b""
        with suppress(ConnectionError):  # it need not read on when it has answered
            connection.sendall(data)
        with suppress(ConnectionError):
            while part := connection.recv(65_536):
                received += part
    return list(answers_in(received))


def answers_in(received: bytes) -> Iterator[Answer]:
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", 0))
        yield Answer(int(status.split()[1]), headers, received[:length])
        received = received[length:]


REQUESTS = {
    "no token": (ME + CLOSE, 401, "credential_missing"),
    "an unknown path": (b"GET /api/v1/nothing HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 404, "not_found"),
    "an encoded slash": (b"GET /api/v1%2Fme HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 401, "credential_missing"),
    "an encoded prefix": (b"GET /%61pi/v1/me HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 401, "credential_missing"),
    "encoded NUL": (b"GET /api/v1/%00 HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 404, "not_found"),
    "bad UTF-8 in the path": (b"GET /api/v1/%ff%fe HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 404, "not_found"),
    "raw bytes in the path": (b"GET /api/v1/\xff\xfe HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, 400, "bad_request"),
    "bad UTF-8 in the query": (ME.replace(b"me ", b"me?%ff=%fe ") + CLOSE, 401, "credential_missing"),
    "another method": (ME.replace(b"GET", b"DELETE") + CLOSE, 405, "method_not_allowed"),
    "a made-up method": (ME.replace(b"GET", b"BREW") + CLOSE, 405, "method_not_allowed"),
    "NUL in the path": (ME.replace(b"me ", b"me\x00 ") + CLOSE, 400, "bad_request"),
    "NUL in a header": (ME + b"Authorization: Token a\x00b\r\n" + CLOSE, 400, "bad_request"),
    "bad UTF-8 in a header": (ME + b"Authorization: Token \xff\xfe\r\n" + CLOSE, 401, "credential_invalid"),
    "no colon": (ME + b"Authorization Token " + SECRET + b"\r\n" + CLOSE, 400, "bad_request"),
    "a space before the colon": (ME + b"Authorization : Token " + SECRET + b"\r\n" + CLOSE, 400, "bad_request"),
    "a folded header": (ME + b"Authorization: Token\r\n " + SECRET + b"\r\n" + CLOSE, 400, "bad_request"),
    "a lone line feed": (ME + b"Authorization: Token " + SECRET + b"\nX: y\r\n" + CLOSE, 400, "bad_request"),
    "a lone carriage return": (ME + b"Authorization: Token " + SECRET + b"\rX: y\r\n" + CLOSE, 400, "bad_request"),
    "two headers": (
        ME + b"Authorization: Token " + SECRET + b"\r\nauthorization: Token " + SECRET + b"\r\n" + CLOSE,
        400,
        "credential_ambiguous",
    ),
    "two kinds": (
        ME + b"Authorization: Token " + SECRET + b"\r\nAPI-Token: " + SECRET + b"\r\n" + CLOSE,
        400,
        "credential_ambiguous",
    ),
    "an underscore for a hyphen": (ME + b"Api_Token: " + SECRET + b"\r\n" + CLOSE, 401, "credential_missing"),
    "a place in the site": (ME + b"SCRIPT_NAME: /api\r\n" + CLOSE, 401, "credential_missing"),
    "a place out of the site": (ME + b"SCRIPT_NAME: /elsewhere\r\n" + CLOSE, 401, "credential_missing"),
    "a header of 16 KB": (ME + b"Authorization: Token " + b"x" * 16_000 + b"\r\n" + CLOSE, 401, "credential_invalid"),
    "a header of 64 KB": (ME + b"Authorization: Token " + b"x" * 65_536 + b"\r\n" + CLOSE, 431, "headers_too_large"),
    "a header of 1 MB": (ME + b"Authorization: Token " + b"x" * 2**20 + b"\r\n" + CLOSE, 431, "headers_too_large"),
    "too many headers": (ME + b"X: y\r\n" * 200 + CLOSE, 431, "headers_too_large"),
    "a URL too long": (ME.replace(b"me ", b"me?" + b"x" * 9000 + b" ") + CLOSE, 414, "uri_too_long"),
    "a URL longer still": (ME.replace(b"me ", b"me?" + b"x" * 50_000 + b" ") + CLOSE, 414, "uri_too_long"),
    "a foreign host": (ME.replace(b"localhost", b"evil.example") + CLOSE, 400, "bad_request"),
    "no host": (b"GET /api/v1/me HTTP/1.1\r\n" + CLOSE, 401, "credential_missing"),
    "an absolute URL": (ME.replace(b"/api", b"http://localhost/api") + CLOSE, 401, "credential_missing"),
    "another protocol": (b"GET /api/v1/me HTTP/9.9\r\nHost: localhost\r\n" + CLOSE, 400, "bad_request"),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "bad_request"),
    "an expectation": (PATCH + b"Expect: miracles\r\nContent-Length: 2\r\n" + CLOSE + b"{}", 417, "expectation_failed"),
    "an absurd length": (PATCH + b"Content-Length: " + b"9" * 300 + b"\r\n" + CLOSE, 413, "content_too_large"),
    "a negative length": (PATCH + b"Content-Length: -1\r\n" + CLOSE, 400, "bad_request"),
    "a length in other digits": (PATCH + "Content-Length: ٣\r\n".encode() + CLOSE, 400, "bad_request"),
    "two lengths": (PATCH + b"Content-Length: 2\r\nContent-Length: 3\r\n" + CLOSE + b"{}", 400, "bad_request"),
    "a length and chunks": (
        PATCH + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n" + CLOSE + b"0\r\n\r\n",
        400,
        "bad_request",
    ),
    "chunks": (
        PATCH + b"Transfer-Encoding: chunked\r\n" + CLOSE + b"2\r\n{}\r\n0\r\n\r\n",
        411,
        "length_required",
    ),
    "chunks that are none": (
        PATCH + b"Transfer-Encoding: chunked\r\n" + CLOSE + b"x\r\n" + SECRET,
        411,
        "length_required",
    ),
    "another coding": (PATCH + b"Transfer-Encoding: magic\r\n" + CLOSE + b"{}", 501, "not_implemented"),
    "a huge body": (PATCH + b"Content-Length: 5000000\r\n" + CLOSE + b"x" * 5_000_000, 413, "content_too_large"),
}


@pytest.mark.parametrize(("request_bytes", "status", "code"), REQUESTS.values(), ids=REQUESTS)
def test_each_awkward_request_gets_one_problem(server: Server, request_bytes: bytes, status: int, code: str) -> None:
    (answer,) = send(server, request_bytes)

    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["cache-control"] == "no-store"
    assert SECRET not in answer.body
    assert b"<" not in answer.body


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[" * 100_000, 400, "bad_request"),
        (b'{"name": "\xff\xfe"}', 400, "bad_request"),
        (b"\x00", 400, "bad_request"),
        (b'{"name": "Ali\\u0000ce"}', 422, "invalid_request"),
        (b'{"name": "Alice", "more": 1}', 422, "invalid_request"),
    ],
    ids=["deep", "bad UTF-8", "NUL", "NUL in a text", "unknown field"],
)
def test_a_body_that_makes_no_sense_is_a_problem_to_whoever_may_send_one(
    server: Server, account_token: str, body: bytes, status: int, code: str
) -> None:
    head = b"Authorization: Token %s\r\nContent-Length: %d\r\n" % (account_token.encode(), len(body))

    (answer,) = send(server, PATCH + head + CLOSE + body)

    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("path", [b"/api/v1/me", b"/api/v1/nothing", b"/api/v1/docs"])
def test_head_has_the_headers_and_nothing_behind_them(server: Server, path: bytes) -> None:
    head = b"HEAD " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS) as connection:
        connection.sendall(head + head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = b""
        while part := connection.recv(65_536):
            received += part

    heads = received.split(b"\r\n\r\n")
    assert len(heads) == 3
    assert heads[2] == b""
    assert all(re.search(rb"\r\nContent-Length: [1-9]", head) for head in heads[:2])


def test_the_log_holds_nothing_of_what_was_sent_and_the_server_lives(server: Server) -> None:
    assert server.is_there()

    (answer,) = send(server, ME + b"Authorization Token " + SECRET + b"\r\n" + CLOSE)

    assert answer.status == 400
    assert "A request from 127.0.0.1 could not be read: InvalidHeader" in server.log
    assert SECRET.decode() not in server.log
