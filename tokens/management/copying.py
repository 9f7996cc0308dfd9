"""Everything that an installation has, row by row from one database into another, both of the same migrations.

The source is only read, as it is at one moment. The target is written in one transaction: references are checked at
its end, so the order of the tables does not matter, and whatever fails leaves it as it was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import AutoField, Model

from tokens.takeover.databases import first_line, read_only

ALIAS = "copied from"
ROWS_AT_ONCE = 1000
# Every migration writes these, and nobody else does: those of the source take their place.
WRITTEN_BY_MIGRATIONS: list[type[Model]] = [Permission, ContentType]


class CopyError(Exception):
    """Nothing was copied; the text says why."""


@contextmanager
def source(config: dict[str, Any]) -> Iterator[None]:
    """A connection that the ORM finds for as long as the copy takes."""
    connections.settings[ALIAS] = connections.configure_settings({DEFAULT_DB_ALIAS: {}, ALIAS: read_only(config)})[
        ALIAS
    ]
    try:
        connect()
        with transaction.atomic(using=ALIAS):
            yield
    finally:
        connections[ALIAS].close()
        del connections[ALIAS], connections.settings[ALIAS]


def connect() -> None:
    try:
        connections[ALIAS].ensure_connection()
    except Error as error:
        raise CopyError(f"The source cannot be read: {first_line(error)}") from None


def tables() -> list[type[Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


def refuse_unlike() -> None:
    """A row fits where the tables are the same; and nothing that is there already may be mixed with what comes."""
    try:
        there = set(MigrationRecorder(connections[ALIAS]).applied_migrations())
    except Error as error:
        raise CopyError(f"The source cannot be read: {first_line(error)}") from None
    here = set(MigrationRecorder(connections[DEFAULT_DB_ALIAS]).applied_migrations())
    if not there or not here:
        raise CopyError(f"The {'source' if here else 'target'} has no tables. Run migrate on it.")
    if there != here:
        app, name = min(there ^ here)
        raise CopyError(f"Only one of the two has the migration {app}.{name}. Run migrate of this release on both.")
    for model in tables():
        if model not in WRITTEN_BY_MIGRATIONS and model._base_manager.exists():
            raise CopyError(f"The target is in use: {model._meta.db_table} has rows. Copy into a new database.")


def counts_of(alias: str) -> dict[type[Model], int]:
    return {model: model._base_manager.using(alias).count() for model in tables()}


def copy_all(tell: Callable[[int], None]) -> None:
    """`tell` is given the number of rows so far."""
    for model in WRITTEN_BY_MIGRATIONS:
        model._base_manager.all().delete()
    done = 0
    for model in tables():
        try:
            for count in copy(model):
                done += count
                tell(done)
        except (Error, ValueError) as error:
            text = first_line(error) if isinstance(error, Error) else error
            raise CopyError(f"A row of {model._meta.db_table} does not fit: {text}") from None
        carry_on_numbers(model)
    target = connections[DEFAULT_DB_ALIAS]
    if target.vendor == "postgresql":  # SQLite without statistics reads lists along their order, with them it may not
        with target.cursor() as cursor:
            cursor.execute("ANALYZE")  # or the first hours would be planned as for empty tables


def copy(model: type[Model]) -> Iterator[int]:
    """In batches, whose sizes it yields. Raw, as fixtures are loaded: no key, no moment and no signal of its own."""
    fields = model._meta.local_concrete_fields
    target = connections[DEFAULT_DB_ALIAS]
    rows = model._base_manager.using(ALIAS).order_by("pk").iterator(chunk_size=ROWS_AT_ONCE)
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        step = target.ops.bulk_batch_size(fields, batch)
        for first in range(0, len(batch), step):
            some = batch[first : first + step]
            model._base_manager._insert(some, fields, using=DEFAULT_DB_ALIAS, raw=True)  # type: ignore[attr-defined]
        yield len(batch)


def carry_on_numbers(model: type[Model]) -> None:
    """The next row gets the number that it would have got in the source: the log names what is gone by its number."""
    if not isinstance(model._meta.pk, AutoField):
        return
    last = last_number(connections[ALIAS], model)
    if last:
        set_last_number(connections[DEFAULT_DB_ALIAS], model, last)


def last_number(connection: Any, model: type[Model]) -> int:
    """Which one was given last, also to a row that is gone; 0 for none."""
    statement = "SELECT max(seq) FROM sqlite_sequence WHERE name = %s"
    if connection.vendor == "postgresql":
        statement = "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)"
    with connection.cursor() as cursor:
        cursor.execute(statement, [model._meta.db_table])
        return cursor.fetchone()[0] or 0


def set_last_number(connection: Any, model: type[Model], number: int) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, number])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number])
