"""A database to start from, and a server on a copy of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from tests.server.app import Server


@pytest.fixture(scope="session")
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
