"""A database to start from, and a server on a copy of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from tests.server.app import Server
from tests.server.deployed import Deployed, deployed


@pytest.fixture(scope="session")
def populated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A database with people and tokens in it, and what was said of them."""
    server = Server(tmp_path_factory.mktemp("demonstration"))
    server.run("manage.py", "migrate", "--verbosity", "0")
    return server.database, json.loads(server.run("manage.py", "demo", "--json"))


@pytest.fixture(scope="session")
def demonstration(populated: tuple[Path, dict[str, Any]]) -> tuple[Path, list[str]]:
    """The database, and the texts of the named tokens."""
    return populated[0], [token["plaintext"] for token in populated[1]["tokens"] if token["name"] != "Account token"]


@pytest.fixture(scope="session")
def account_token(populated: tuple[Path, dict[str, Any]]) -> str:
    """The text of one that may do what its owner may."""
    return next(token["plaintext"] for token in populated[1]["tokens"] if token["name"] == "Account token")


@pytest.fixture
def person(populated: tuple[Path, dict[str, Any]]) -> dict[str, str]:
    """Who can sign in."""
    return populated[1]["users"][0]


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


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A server behind nginx, as deploy/ has them."""
    with deployed(tmp_path_factory.mktemp("d")) as here:
        here.manage("migrate", "--verbosity", "0")
        here.start()
        yield here


@pytest.fixture(scope="module")
def token(here: Deployed) -> str:
    """The text of a named one that is good there."""
    tokens = json.loads(here.manage("demo", "--json"))["tokens"]
    return next(token["plaintext"] for token in tokens if token["name"] != "Account token")
