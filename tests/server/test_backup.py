"""docs/backup.md, block by block: a token survives the loss of its database, and not that of its pepper."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.deployed import ROOT, Deployed, deployed, key
from tests.server.postgresql import PROGRAMS, PostgreSQL
from tests.walked import blocks_of, text_of

PAGE = ROOT / "docs" / "backup.md"
MARKS = {"begin", "back up the keys", "back up", "restore", "restore the keys", "check"}


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Deployed]:
    with deployed(tmp_path) as here:
        yield here


@pytest.fixture
def on_postgresql(tmp_path: Path) -> Iterator[Deployed]:
    postgresql = PostgreSQL()
    try:
        postgresql.start()
        postgresql.run("createuser", *address(postgresql), "tokenrack")
        postgresql.run("createdb", *address(postgresql), "--owner", "tokenrack", "tokenrack")
        url = f"postgres://tokenrack@127.0.0.1:{postgresql.port}/tokenrack"
        with deployed(tmp_path, database=url) as here:
            here.more = {
                "PATH": f"{postgresql.folder / PROGRAMS / 'bin'}:{os.environ['PATH']}",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(postgresql.port),
                "PGUSER": "postgres",
            }
            yield here
    finally:
        postgresql.remove()


def address(postgresql: PostgreSQL) -> list[str]:
    return ["--host", "127.0.0.1", "--port", str(postgresql.port), "--username", "postgres"]


def walk(here: Deployed, *marks: str) -> str:
    """The blocks one after the other, in one shell."""
    return here.follow("\n".join(text_of(PAGE, mark) for mark in ("both: begin", *marks)))


def issue(here: Deployed, name: str) -> str:
    person = "ada@meridian.example"
    return here.manage("issuetoken", person, "--name", name, "--scope", "account:read", "--print").strip()


def answer_to(here: Deployed, token: str) -> tuple[int, str]:
    answer = here.get("/api/v1/tokens/self", Authorization=f"Bearer {token}")
    return answer.status_code, answer.json().get("code", "")


def lose_keys(here: Deployed) -> None:
    """Somebody makes a new environment file, with peppers and all."""
    file = here.folder / "environment"
    file.write_text(re.sub(r"^TOKEN_PEPPERS=.*$", f"TOKEN_PEPPERS=1:{key()}", file.read_text(), flags=re.MULTILINE))


def survive(here: Deployed, kind: str) -> None:
    here.manage("migrate", "--verbosity", "0")
    here.manage("demo")
    here.start()
    assert answer_to(here, issue(here, "warming up")) == (200, "")
    kept = issue(here, "kept")  # while the server holds the database open: on SQLite in the file beside it only

    walk(here, "both: back up the keys", f"{kind}: back up")
    later = issue(here, "made after the backup")
    here.end()
    destroy(here, kind)
    lose_keys(here)
    assert "unbroken" in walk(here, f"{kind}: restore", "both: restore the keys", "both: check")
    here.start()

    assert answer_to(here, kept) == (200, "")
    assert answer_to(here, later) == (401, "credential_invalid")
    here.end()
    lose_keys(here)
    here.start()
    assert answer_to(here, kept) == (401, "credential_invalid")
    assert "BROKEN" in here.manage("verifyaudit", code=1)


def destroy(here: Deployed, kind: str) -> None:
    if kind == "sqlite":
        (here.folder / "tokenrack.sqlite3").write_bytes(b"no database any more" * 1000)
    else:
        here.follow('psql --quiet --command "DROP DATABASE tokenrack"')


def test_sqlite_comes_back(on_sqlite: Deployed) -> None:
    survive(on_sqlite, "sqlite")


def test_postgresql_comes_back(on_postgresql: Deployed) -> None:
    survive(on_postgresql, "postgresql")


def test_every_block_of_the_page_is_walked_or_needs_systemd() -> None:
    marks = {block.mark for block in blocks_of(PAGE)} - {"systemd"}

    assert marks <= {f"{kind}: {mark}" for kind in ("both", "sqlite", "postgresql") for mark in MARKS}
    assert all("systemctl" in block.text for block in blocks_of(PAGE) if block.mark == "systemd")
