"""The real server: what it counts while it is busy, told to end, recycled or killed.

Each test starts gunicorn with config/gunicorn.py on a database of its own and asks that database afterwards.
"""

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile

import pytest
from django.conf import settings

from tests.server.ports import free_port

PATH = "/api/v1/tokens/self"
PATIENCE_SECONDS = 30
ROTATE = """
import sys
import django

django.setup()

from datetime import timedelta
from accounts.actor import Actor
from tokens import lifecycle
from tokens.models import Token

token = Token.objects.select_related("owner").get(pk=sys.argv[1])
print(lifecycle.rotate(actor=Actor(token.owner), token=token, overlap=timedelta(hours=1)).plaintext)
"""


@dataclass
class Server:
    """A gunicorn on its own database. `choices` are settings as the environment gives them."""

    folder: Path
    choices: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    port: int = 0

    @property
    def database(self) -> Path:
        return self.folder / "tokenrack.sqlite3"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "SITE_URL": "http://localhost",
            "RUN_CLOCK": "no",
            "PORT": str(self.port),
            "BIND": "",
            "WEB_CONCURRENCY": "1",
            "API_CALLS_PER_MINUTE": "1000000",
            "USAGE_FLUSH_SECONDS": "2",
            **self.choices,
        }

    def run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def start(self) -> None:
        self.port = self.port or free_port()
        command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.is_there():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.1)

    def is_there(self) -> bool:
        try:
            return self.connection().call("no token") == 401
        except OSError:
            return False

    def connection(self) -> "Connection":
        return Connection(self.port)

    def end(self) -> None:
        """In order, as systemd or Ctrl-C would."""
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(PATIENCE_SECONDS) == 0

    def kill(self) -> None:
        """The whole family at once, without a chance to write anything."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)

    def ask(self, sql: str, *values: object) -> list[tuple]:
        database = sqlite3.connect(self.database)
        try:
            return database.execute(sql, values).fetchall()
        finally:
            database.close()

    def calls_of(self, text: str) -> int:
        (row,) = self.ask("SELECT coalesce(sum(calls), 0) FROM tokens_tokenday WHERE token_id = ?", self.key_of(text))
        return row[0]

    def key_of(self, text: str) -> int:
        """Which token has the text, by its hint: the test does not know how texts are digested."""
        ((key,),) = self.ask("SELECT id FROM tokens_token WHERE hint = ?", f"{text[:8]}…{text[-4:]}")
        return key

    def is_first_use_written(self, text: str) -> bool:
        ((moment,),) = self.ask("SELECT first_used_at FROM tokens_token WHERE id = ?", self.key_of(text))
        return moment is not None


class Connection:
    """A client that keeps its connection, and opens a new one where the server has closed it."""

    def __init__(self, port: int) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)

    def call(self, text: str) -> int:
        """The status of the answer."""
        try:
            self.http.request("GET", PATH, headers={"Authorization": f"Bearer {text}"})
            answer = self.http.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self.http.close()
            raise
        return answer.status


def call_many(server: Server, text: str, *, calls: int, threads: int = 8) -> Counter[int | str]:
    """How many calls were answered with which status, or with nothing because the connection was closed."""

    def work(share: int) -> Counter[int | str]:
        connection, answers = server.connection(), Counter[int | str]()
        for _ in range(share):
            try:
                answers[connection.call(text)] += 1
            except (OSError, http.client.HTTPException):
                answers["closed"] += 1
        return answers

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(work, [calls // threads] * threads), Counter[int | str]())


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A database with people and tokens in it, and the texts of the named tokens."""
    server = Server(tmp_path_factory.mktemp("demonstration"))
    server.run("manage.py", "migrate", "--verbosity", "0")
    made = json.loads(server.run("manage.py", "demo", "--json"))
    return server.database, [token["plaintext"] for token in made["tokens"] if token["name"] != "Account token"]


@pytest.fixture
def texts(demonstration: tuple[Path, list[str]]) -> list[str]:
    return demonstration[1]


@pytest.fixture
def server(tmp_path: Path, demonstration: tuple[Path, list[str]]) -> Iterator[Server]:
    server = Server(tmp_path)
    copyfile(demonstration[0], server.database)
    yield server
    if server.process and server.process.poll() is None:
        server.kill()


def test_every_answered_call_is_counted_when_the_server_ends_in_order(server: Server, texts: list[str]) -> None:
    server.start()

    answers = call_many(server, texts[0], calls=10_000)
    server.end()

    assert answers == {200: 10_000}
    assert server.calls_of(texts[0]) == 10_000
    assert server.ask("SELECT sum(calls) FROM tokens_tokenaddress") == [(10_000,)]


def test_a_killed_server_loses_the_counters_of_its_last_seconds_and_nothing_else(
    server: Server, texts: list[str]
) -> None:
    early, late = texts[:2]
    server.choices["USAGE_FLUSH_SECONDS"] = "1"
    server.start()
    assert call_many(server, early, calls=48) == {200: 48}
    time.sleep(2.5)

    assert call_many(server, early, calls=16) == {200: 16}
    assert server.connection().call(late) == 200
    server.kill()

    counted = server.calls_of(early)
    assert 48 <= counted <= 64
    assert server.is_first_use_written(late)
    server.start()
    assert server.connection().call(early) == 200
    server.end()
    assert server.calls_of(early) == counted + 1


def test_a_script_that_calls_through_a_rotation_is_never_refused(server: Server, texts: list[str]) -> None:
    server.start()
    said: list[tuple[str, int]] = []
    text, has_ended = texts[0], threading.Event()

    def script() -> None:
        connection = server.connection()
        while not has_ended.wait(0.05):
            said.append((text, connection.call(text)))

    thread = threading.Thread(target=script)
    thread.start()
    wait_for(lambda: len(said) > 10)
    successor = server.run("-c", ROTATE, str(server.key_of(texts[0]))).strip()
    before = len(said)
    wait_for(lambda: len(said) > before + 10)
    text = successor
    wait_for(lambda: said[-1][0] == successor and len(said) > before + 30)
    has_ended.set()
    thread.join()
    server.end()

    assert {status for _, status in said} == {200}
    made = [sum(text == each for text, _ in said) for each in (texts[0], successor)]
    assert [server.calls_of(each) for each in (texts[0], successor)] == made
    assert all(made)


def test_a_worker_that_is_recycled_writes_what_it_has_counted(server: Server, texts: list[str]) -> None:
    server.choices |= {
        "GUNICORN_CMD_ARGS": "--max-requests 150 --max-requests-jitter 0",
        "USAGE_FLUSH_SECONDS": "60",
    }
    server.start()

    answers = call_many(server, texts[0], calls=600)
    server.end()

    assert server.log.count("Booting worker") > 3
    assert set(answers) <= {200, "closed"}
    assert answers[200] > 500
    assert server.calls_of(texts[0]) == answers[200]


def wait_for(condition) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
