"""A prepared SELECT, asked through libpq itself, on a real PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import environ
import psycopg
import pytest
from django.db.utils import ConnectionHandler

from config.postgresql.statement import Statement
from tests.server.postgresql import PostgreSQL

EVERYTHING = """
SELECT 7, NULL, 'Zoë'::text, true, %s::bytea, 'ab'::bytea, now(), interval '1 day 2 hours', inet '192.0.2.1',
    '{"a": [1]}'::jsonb, %s, '100%%'
WHERE length(%s) > 0
"""
PARAMETERS = [b"", "it's", b""]
PLACES = [0, 2]


@pytest.fixture
def connection(postgresql: PostgreSQL, django_db_blocker: Any) -> Iterator[Any]:
    """Of Django, with the backend that Tokenrack uses."""
    settings = environ.Env.db_url_config(postgresql.url) | {"ENGINE": "config.postgresql"}
    handler = ConnectionHandler({"default": settings})
    with django_db_blocker.unblock():
        handler["default"].ensure_connection()
        yield handler["default"]
        handler["default"].close()


@pytest.fixture
def statement() -> Statement:
    return Statement(EVERYTHING, PARAMETERS, PLACES)


def ask(connection: Any, sql: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()


def prepared(connection: Any) -> int:
    return int(ask(connection, "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'tokenrack%%'")[0])


def test_its_values_are_those_of_the_driver(connection: Any, statement: Statement) -> None:
    row = statement.fetch(connection, [b"\0\xff", b"x"])
    assert row

    found = statement.load(connection, row)
    expected = ask(connection, EVERYTHING, b"\0\xff", "it's", b"x")

    moment = 6
    assert [type(value) for value in found] == [type(value) for value in expected]
    assert found[moment].tzinfo == expected[moment].tzinfo
    assert [*found[:moment], *found[moment + 1 :]] == [*expected[:moment], *expected[moment + 1 :]]


def test_no_row_is_none(connection: Any, statement: Statement) -> None:
    assert statement.fetch(connection, [b"a", b""]) is None


def test_it_is_prepared_once_on_each_connection(connection: Any, statement: Statement) -> None:
    for _ in range(5):
        statement.fetch(connection, [b"a", b"b"])
    assert prepared(connection) == 1

    connection.close()
    connection.ensure_connection()

    assert prepared(connection) == 0
    assert statement.fetch(connection, [b"a", b"b"])


def test_it_is_prepared_again_where_a_pooler_gives_another_server_or_forgot(
    connection: Any, statement: Statement
) -> None:
    statement.fetch(connection, [b"a", b"b"])
    ask(connection, "SELECT 1")
    connection.cursor().execute("DEALLOCATE ALL")

    assert statement.fetch(connection, [b"a", b"b"])


def test_it_may_have_been_prepared_by_another_process(connection: Any, statement: Statement) -> None:
    statement.fetch(connection, [b"a", b"b"])
    connection.prepared.clear()

    assert statement.fetch(connection, [b"a", b"b"])
    assert prepared(connection) == 1


def test_other_texts_have_other_names(statement: Statement) -> None:
    assert Statement("SELECT %s", [b""], [0]).name != statement.name
    assert Statement(EVERYTHING, PARAMETERS, PLACES).name == statement.name


def test_in_a_transaction_it_does_not_suit(connection: Any, statement: Statement) -> None:
    assert statement.suits(connection)

    connection.set_autocommit(False)
    assert not statement.suits(connection)
    connection.set_autocommit(True)
    assert statement.suits(connection)
    connection.close()
    assert not statement.suits(connection)


def test_what_the_server_refuses_is_raised_and_the_next_question_is_answered(
    connection: Any, statement: Statement
) -> None:
    broken = Statement("SELECT 1 / length(%s)", [b""], [0])

    with pytest.raises(psycopg.errors.DivisionByZero):
        broken.fetch(connection, [b""])

    assert broken.fetch(connection, [b"a"]) == (b"1",)
    assert statement.fetch(connection, [b"a", b"b"])


def test_a_connection_that_the_server_ended_is_an_error_of_the_driver(
    postgresql: PostgreSQL, connection: Any, statement: Statement
) -> None:
    statement.fetch(connection, [b"a", b"b"])
    with psycopg.connect(postgresql.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])

    with pytest.raises(psycopg.OperationalError):
        statement.fetch(connection, [b"a", b"b"])
