"""The log of the real server: one object a line, none for what callers do wrong, and no call that hangs on it."""

import json
import os
import socket
from pathlib import Path
from shutil import copyfile

import pytest

from config.logs import MOST_ALIKE
from tests.server.app import Server
from tests.server.proxies import call
from tests.waiting import PATIENCE_SECONDS

FLOOD = 100


class OnFullDisk(Server):
    log = "its log cannot be written"


def send_rubbish(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS) as connection:
        connection.sendall(b"\x16\x03\x01\r\n\r\n")
        while connection.recv(65_536):
            pass


@pytest.fixture
def json_server(server: Server) -> Server:
    server.choices |= {"LOG_FORMAT": "json", "API_REFUSALS_PER_MINUTE": "100000"}
    server.start()
    return server


def said_by(server: Server) -> list[dict[str, str]]:
    return [json.loads(line) for line in server.log.splitlines()]


def test_every_line_is_an_object_from_the_first_of_gunicorn_to_the_last(json_server: Server) -> None:
    json_server.end()

    said = said_by(json_server)
    assert {line["logger"] for line in said} <= {"gunicorn.error", "py.warnings"}
    assert {"time", "level", "logger", "message", "request_id"} == set().union(*said)
    assert any(line["message"].startswith("Booting worker") for line in said)
    assert said[-1]["message"].startswith("Shutting down")


def test_a_flood_of_refused_calls_and_missing_pages_writes_nothing(json_server: Server) -> None:
    before = json_server.log
    connection = json_server.connection()

    assert {connection.call(f"trk_{number}") for number in range(FLOOD)} == {401}
    assert {call(json_server.port, f"/api/v1/{number}").status for number in range(20)} == {404}

    assert json_server.log == before


def test_a_flood_of_rubbish_writes_a_few_lines(json_server: Server) -> None:
    for _ in range(FLOOD):
        send_rubbish(json_server)

    lines = [line for line in said_by(json_server) if "could not be read" in line["message"]]
    assert len(lines) == MOST_ALIKE
    assert {line["request_id"] for line in lines} == {None}


def test_calls_are_answered_while_the_log_cannot_be_written(
    tmp_path: Path, demonstration: tuple[Path, list[str]]
) -> None:
    server = OnFullDisk(tmp_path, {"LOG_LEVEL": "DEBUG"})
    copyfile(demonstration[0], server.database)
    os.symlink("/dev/full", tmp_path / "log")
    try:
        server.start()
        connection = server.connection()

        answers = [connection.call(text) for text in (demonstration[1][0], "trk_wrong") * 20]

        assert answers == [200, 401] * 20
        assert call(server.port, "/api/v1/nothing").status == 404
    finally:
        server.kill()
