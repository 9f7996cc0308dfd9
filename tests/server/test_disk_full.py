"""No room left for the database and for the log: calls go on, acts are refused, and nothing is half there or told."""

import http.client
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.server.app import Server
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def server(server: Server, tmp_path: Path) -> Server:
    server.start()
    return server


@contextmanager
def disk_full(server: Server) -> Iterator[None]:
    """As far as the processes of the server can tell: no file may grow beyond what stands in the log of SQLite."""
    largest = Path(f"{server.database}-wal").stat().st_size
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in processes(server)}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (min(largest, len(server.log)), hard))
    yield
    for pid, limits in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def processes(server: Server) -> list[int]:
    assert server.process
    master = server.process.pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return [master, *map(int, children)]


def ask(server: Server, method: str, path: str, text: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    headers = {"Authorization": f"Bearer {text}", "Content-Type": "application/json"}
    connection.request(method, f"/api/v1/{path}", json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_calls_go_on_and_acts_are_refused_until_there_is_room(server: Server, account_token: str) -> None:
    _, tokens = ask(server, "GET", "tokens", account_token)
    license = next(token["license"] for token in tokens["items"] if token["license"])
    wanted = {"license": license, "name": "written in vain", "scopes": ["account:read"]}

    with disk_full(server):
        refused = [ask(server, "POST", "tokens", account_token, wanted) for _ in range(3)]
        read = ask(server, "GET", "me", account_token)
    issued, made = ask(server, "POST", "tokens", account_token, wanted)

    assert [(status, problem["code"]) for status, problem in refused] == [(503, "database_unavailable")] * 3
    assert read[0] == 200
    assert issued == 201
    assert server.ask("SELECT count(*) FROM tokens_token WHERE name = ?", "written in vain") == [(1,)]
    server.run("manage.py", "verifyaudit")  # fails where the chain is broken
    assert made["plaintext"].startswith("trk_")
    assert made["plaintext"] not in server.log
    assert account_token not in server.log
