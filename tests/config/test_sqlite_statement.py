"""A SELECT whose row comes as one text, on a real SQLite with Django's backend."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import ConnectionHandler, OperationalError

from config.sqlite_statement import Statement

EVERYTHING = """
SELECT 7 AS id, 8 AS id, NULL, 'Zoë “quoted” \\ …', 9007199254740993, -1, 0.5, '["a"]', %s, x'', NULL, '100%%', %s
WHERE length(%s) > 0
"""
PARAMETERS = [b"", "it's", b""]
PLACES = [0, 2]
BINARY = {8, 9, 10}
COLUMNS = 13


@pytest.fixture
def connection(tmp_path: Path, django_db_blocker: Any) -> Iterator[Any]:
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "file.sqlite3"}
    handler = ConnectionHandler({"default": settings})
    with django_db_blocker.unblock():
        handler["default"].ensure_connection()
        yield handler["default"]
        handler["default"].close()


@pytest.fixture
def statement() -> Statement:
    return Statement(EVERYTHING, PARAMETERS, PLACES, columns=COLUMNS, binary=BINARY)


def test_its_values_are_those_of_the_driver(connection: Any, statement: Statement) -> None:
    row = statement.fetch(connection, [b"\0\xff", b"x"])
    assert row

    found = statement.load(connection, row)

    with connection.cursor() as cursor:
        cursor.execute(EVERYTHING, [b"\0\xff", "it's", b"x"])
        expected = list(cursor.fetchone())
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


def test_a_row_that_is_not_there_is_none(connection: Any, statement: Statement) -> None:
    assert statement.fetch(connection, [b"", b""]) is None


def test_rows_that_differ_are_told_differently(connection: Any, statement: Statement) -> None:
    assert statement.fetch(connection, [b"a", b"x"]) != statement.fetch(connection, [b"A", b"x"])


def test_it_raises_what_the_driver_raises(connection: Any) -> None:
    missing = Statement("SELECT 1 FROM missing WHERE %s", [b""], [0], columns=1, binary=set())

    with pytest.raises(OperationalError, match="missing"), connection.wrap_database_errors:
        missing.fetch(connection, [b""])


def test_there_is_none_where_there_is_no_connection(connection: Any, statement: Statement) -> None:
    assert statement.suits(connection)

    connection.close()

    assert not statement.suits(connection)
