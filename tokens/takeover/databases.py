"""The token tables of Django REST framework and of django-rest-knox, read and never written.

The table of people is the one that the token table refers to, unless it is named: it may be any, AUTH_USER_MODEL says.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend
from django.utils.dateparse import parse_datetime

from tokens import shapes
from tokens.takeover.arrivals import Arrival, Fault

ALIAS = "takeover"
HINT_HEAD = 4


class SourceError(Exception):
    """The source cannot be read; the text says why, and never repeats an address that may hold a password."""


@dataclass(frozen=True, slots=True)
class People:
    """Where the owners are; empty for what follows from the tables themselves."""

    table: str = ""
    email: str = "email"


@dataclass(frozen=True, slots=True)
class Kind:
    """A token table: `columns` are asked for in this order, `absent` is a column that makes it unreadable."""

    table: str
    columns: tuple[str, ...]
    read: Callable[..., Arrival]
    absent: str = ""


def read(kind: Kind, config: dict[str, Any], people: People, **options: Any) -> Iterator[Arrival | Fault]:
    """Every token of the table, oldest first."""
    with opened(config) as connection, connection.cursor() as cursor:
        owners = owners_of(kind, connection, cursor, people)
        quoted = connection.ops.quote_name
        columns = ", ".join(f"t.{quoted(column)}" for column in kind.columns)
        active = f"u.{quoted('is_active')}" if owners.has_is_active else "1"
        cursor.execute(
            f"SELECT u.{quoted(people.email)}, {active}, {columns} FROM {quoted(kind.table)} t "  # noqa: S608 - quoted
            f"LEFT JOIN {quoted(owners.table)} u ON u.{quoted(owners.key)} = t.{quoted('user_id')} "
            f"ORDER BY t.{quoted('created')}, t.{quoted(kind.columns[0])}"
        )
        for number, (email, is_active, *values) in enumerate(cursor.fetchall(), start=1):
            place = f"row {number}"
            try:
                yield kind.read(place, *values, email=email or "", is_stopped=not is_active, **options)
            except ValueError as error:
                yield Fault(place, str(error), email or "")


def authtoken(place: str, key: str, created: Any, **facts: Any) -> Arrival:
    return Arrival(place, shapes.secret_of_text(key), created_at=moment(created), **facts)


def knox(
    place: str,
    digest: str,
    created: Any,
    expiry: Any,
    token_key: str,
    *,
    text_length: int,
    text_prefix: str,
    **facts: Any,
) -> Arrival:
    """knox keeps the first characters of a text beside its SHA-512: they tell its prefix, and four are the hint."""
    prefix = text_prefix if token_key.startswith(text_prefix) else ""
    if not shapes.is_hexadecimal(token_key[len(prefix) :]):
        raise ValueError("its text begins with a prefix: name it with --text-prefix")
    length = len(prefix) + text_length
    hint = f"{token_key[: len(prefix) + HINT_HEAD]}…"
    secret = shapes.secret_of_hash(digest, length=length, is_hex=shapes.is_hexadecimal(token_key), hint=hint)
    return Arrival(place, secret, created_at=moment(created), expires_at=moment(expiry), **facts)


AUTHTOKEN = Kind("authtoken_token", ("key", "created"), authtoken)
KNOX = Kind("knox_authtoken", ("digest", "created", "expiry", "token_key"), knox, absent="salt")


def moment(value: Any) -> datetime | None:
    """SQLite gives text. Without an offset it is UTC, as Django stores it."""
    found = parse_datetime(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


@contextmanager
def opened(config: dict[str, Any]) -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own, which nothing else finds."""
    filled = connections.configure_settings({"default": {}, ALIAS: read_only(config)})[ALIAS]
    connection = load_backend(config["ENGINE"]).DatabaseWrapper(filled, ALIAS)
    try:
        yield connection
    except Error as error:
        raise SourceError(f"The source cannot be read: {first_line(error)}") from None
    finally:
        connection.close()


def read_only(config: dict[str, Any]) -> dict[str, Any]:
    """Neither a typing mistake nor a bug of ours changes the source, nor makes an empty one.

    What one transaction reads is as it was when it began.
    """
    if config["ENGINE"].endswith("sqlite3"):
        return config | {"NAME": f"file:{quote(str(config['NAME']))}?mode=ro"}
    options = r"-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\ read"
    return config | {"OPTIONS": config.get("OPTIONS", {}) | {"options": options}}


def first_line(error: Error) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


@dataclass(frozen=True, slots=True)
class Owners:
    table: str
    key: str
    has_is_active: bool


def owners_of(kind: Kind, connection: Any, cursor: Any, people: People) -> Owners:
    look = connection.introspection
    tables = set(look.table_names(cursor))
    if kind.table not in tables:
        raise SourceError(f"There is no table {kind.table} in the source.")
    has = columns_of(connection, cursor, kind.table)
    if kind.absent in has:
        raise SourceError(f"{kind.table} has the column {kind.absent}, of a release that is too old. Upgrade it first.")
    if missing := {*kind.columns, "user_id"} - has:
        raise SourceError(f"{kind.table} lacks the column {min(missing)}.")
    key, table = look.get_relations(cursor, kind.table).get("user_id", (None, "auth_user"))[:2]
    table = people.table or table
    if table not in tables:
        raise SourceError(f"There is no table {table} in the source. Name the table of its users with --user-table.")
    found = columns_of(connection, cursor, table)
    if people.email not in found:
        raise SourceError(f"{table} has no column {people.email}. Name the one of addresses with --email-column.")
    key = look.get_primary_key_column(cursor, table) or key or "id"
    return Owners(table, key, "is_active" in found)


def columns_of(connection: Any, cursor: Any, table: str) -> set[str]:
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} WHERE 1 = 0")  # noqa: S608 - quoted
    return {column[0] for column in cursor.description}
