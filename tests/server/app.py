"""The real server on a database of its own: config/gunicorn.py, started, ended, killed and asked."""

import http.client
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from tests.server.ports import free_port
from tests.waiting import PATIENCE_SECONDS, wait_for

PATH = "/api/v1/tokens/self"


@dataclass
class Server:
    """A gunicorn on its own database. `choices` are settings as the environment gives them, `root` holds the code."""

    folder: Path
    choices: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    port: int = 0
    root: Path = Path(settings.BASE_DIR)

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
            # Or it would close a connection that a slow test had left idle for two seconds, just when it asks again.
            "GUNICORN_CMD_ARGS": f"--keep-alive {PATIENCE_SECONDS} {self.choices.get('GUNICORN_CMD_ARGS', '')}",
        }

    def run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=self.root, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def start(self) -> None:
        self.port = self.port or free_port()
        command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_for(self.is_there, lambda: self.log)

    def is_there(self) -> bool:
        """Fails where it never will be."""
        assert self.process
        assert self.process.poll() is None, self.log
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
