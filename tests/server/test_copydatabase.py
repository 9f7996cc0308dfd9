"""An installation moves from SQLite to PostgreSQL, and back: what worked goes on, and nothing is lost on the way."""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile
from uuid import uuid4

import pytest

from tests.server.app import Server
from tests.server.postgresql import PostgreSQL
from tests.server.proxies import call

GONE = 500
SET_UP = "import sys, django; django.setup(); "
SIGN_IN = """
from django.test import Client
from accounts.models import User

browser = Client()
browser.force_login(User.objects.get(email=sys.argv[1]))
print(browser.session.session_key)
"""
NEWEST = "from tokens.models import Token; print(Token.objects.latest('pk').pk)"
ADD_PERSON = "from accounts.models import User; User.objects.create(email='early@example.org')"
BREAK_LOG = "UPDATE accounts_auditchain SET count = count + 1"
TABLES = """
    SELECT name FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'django_migrations'
"""


@pytest.fixture
def small(server: Server) -> Server:
    """On SQLite, where tokens were deleted."""
    with sqlite3.connect(server.database) as database:
        database.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'tokens_token'", [GONE])
    database.close()
    return server


@pytest.fixture
def large(tmp_path: Path, postgresql: PostgreSQL) -> Iterator[Server]:
    """On PostgreSQL, freshly migrated."""
    folder = tmp_path / "large"
    folder.mkdir()
    server = Server(folder, {"DATABASE_URL": postgresql.create(f"large_{uuid4().hex}")})
    server.run("manage.py", "migrate", "--verbosity", "0")
    yield server
    if server.process and server.process.poll() is None:
        server.kill()


def copy(server: Server, source: str) -> str:
    return server.run("manage.py", "copydatabase", "--from", source)


def refusal(server: Server, source: str) -> str:
    with pytest.raises(subprocess.CalledProcessError) as error:
        copy(server, source)
    assert error.value.returncode == 1
    return str(error.value.stderr)


def rows_of(path: Path) -> dict[str, list[list[object]]]:
    """Every table, with JSON as what it means: PostgreSQL puts the names of an object in an order of its own."""
    with sqlite3.connect(path) as database:
        tables = [name for (name,) in database.execute(TABLES)]
        rows = {
            table: [[meant(value) for value in row] for row in database.execute(f"SELECT * FROM {table} ORDER BY 1")]
            for table in tables
        }
    database.close()
    return rows


def meant(value: object) -> object:
    return json.loads(value) if isinstance(value, str) and value[:1] in {"{", "["} else value


def is_signed_in(server: Server, session: str) -> bool:
    """Whoever is has no use for the page on which to sign in."""
    page = call(server.port, "/account/login/", headers=[("Host", "localhost"), ("Cookie", f"sessionid={session}")])
    return page.headers["Location"] == "/"


def test_tokens_and_sessions_work_on_in_postgresql(
    small: Server, large: Server, texts: list[str], person: dict[str, str]
) -> None:
    session = small.run("-c", SET_UP + SIGN_IN, person["email"]).strip()

    said = copy(large, f"sqlite:///{small.database}")
    large.start()
    issued = large.run("manage.py", "issuetoken", person["email"], "--name", "n", "--scope", "account:read", "--print")
    newest = large.run("-c", SET_UP + NEWEST)

    assert re.search(r" 1  django_session$", said, re.MULTILINE)
    assert "audit events verified" in said
    assert {large.connection().call(text) for text in [*texts, issued.strip()]} == {200}
    assert is_signed_in(large, session)
    assert not is_signed_in(large, "another")
    assert int(newest) == GONE + 1
    assert "BROKEN" not in large.run("manage.py", "verifyaudit")


def test_the_way_there_and_back_changes_nothing(small: Server, large: Server, tmp_path: Path) -> None:
    folder = tmp_path / "back"
    folder.mkdir()
    back = Server(folder)
    back.run("manage.py", "migrate", "--verbosity", "0")

    copy(large, f"sqlite:///{small.database}")
    copy(back, large.environment["DATABASE_URL"])

    assert rows_of(back.database) == rows_of(small.database)
    assert back.ask("SELECT seq FROM sqlite_sequence WHERE name = 'tokens_token'") == [(GONE,)]
    assert "BROKEN" not in back.run("manage.py", "verifyaudit")


def test_what_cannot_be_copied_leaves_the_target_empty(small: Server, large: Server, tmp_path: Path) -> None:
    broken, nothing = tmp_path / "broken.sqlite3", tmp_path / "nothing.sqlite3"
    copyfile(small.database, broken)
    with sqlite3.connect(broken) as database:
        database.execute(BREAK_LOG)
    database.close()
    sqlite3.connect(nothing).close()

    assert "unable to open database file" in refusal(large, f"sqlite:///{tmp_path / 'nowhere.sqlite3'}")
    assert "The source has no tables" in refusal(large, f"sqlite:///{nothing}")
    assert "The audit log is broken" in refusal(large, f"sqlite:///{broken}")
    assert "rows copied" in copy(large, f"sqlite:///{small.database}")


def test_a_database_in_use_is_not_copied_into(small: Server, large: Server) -> None:
    large.run("-c", SET_UP + ADD_PERSON)

    assert "The target is in use: accounts_user has rows." in refusal(large, f"sqlite:///{small.database}")


def test_another_release_is_not_copied(small: Server, large: Server) -> None:
    large.run("manage.py", "migrate", "tokens", "0006", "--verbosity", "0")

    assert "Only one of the two has the migration tokens.0007" in refusal(large, f"sqlite:///{small.database}")
