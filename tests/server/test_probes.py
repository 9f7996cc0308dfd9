"""The probes of a real server, whose PostgreSQL is empty, migrated, gone and there again."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.app import Server
from tests.server.postgresql import PostgreSQL
from tests.waiting import PATIENCE_SECONDS, wait_for


@pytest.fixture
def postgresql() -> Iterator[PostgreSQL]:
    postgresql = PostgreSQL()
    postgresql.start()
    yield postgresql
    postgresql.remove()


@pytest.fixture
def served(tmp_path: Path, postgresql: PostgreSQL) -> Iterator[Server]:
    server = Server(tmp_path, {"DATABASE_URL": postgresql.url})
    server.start()
    yield server
    server.kill()


def ask(server: Server, path: str) -> tuple[int, str, str | None]:
    """Status, code and Retry-After, asked under a name that is not the site's."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": "10.0.0.7:8000"})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    code = "" if answer.status == 200 else json.loads(body)["code"]
    return answer.status, code, answer.headers["Retry-After"]


def wait_until_ready(server: Server) -> None:
    wait_for(lambda: ask(server, "/readyz")[0] == 200, lambda: server.log)


def wait_until_away(server: Server) -> None:
    """What was found in the last second still counts."""
    wait_for(lambda: ask(server, "/readyz") == (503, "database_away", "5"), lambda: server.log)


def test_it_is_ready_as_long_as_its_database_answers_and_is_up_to_date(served: Server, postgresql: PostgreSQL) -> None:
    assert ask(served, "/readyz") == (503, "migrations_missing", "5")
    served.run("manage.py", "migrate", "--verbosity", "0")
    wait_until_ready(served)

    postgresql.stop()
    wait_until_away(served)
    assert ask(served, "/healthz") == (200, "", None)

    postgresql.start()
    wait_until_ready(served)
    assert served.log.count("Not ready") == 2
    assert served.log.count("Ready again") == 2
    assert "readyz" not in served.log
    assert str(postgresql.port) not in served.log
