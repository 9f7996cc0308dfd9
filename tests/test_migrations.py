"""Servers of two releases run side by side during an upgrade: from 1.0.0 on, a migration only adds."""

from collections.abc import Iterator

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

FIRST_RELEASE = {"accounts": "0006_closed_accounts", "tokens": "0007_taken_over_texts"}
ADDITIONS = (
    migrations.CreateModel,
    migrations.AddIndex,
    migrations.RemoveIndex,  # read without it, as it was before there was one; SQLite serves one release at a time
    migrations.AlterModelOptions,
    migrations.RemoveConstraint,
    migrations.RunPython,
)


def later_operations() -> Iterator[tuple[str, Operation]]:
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        if app in FIRST_RELEASE and name > FIRST_RELEASE[app]:
            yield from ((f"{app}.{name}", operation) for operation in migration.operations)


def is_additive(operation: Operation) -> bool:
    """Whether a server that knows nothing of it reads and writes as before."""
    if isinstance(operation, migrations.AddField):
        field = operation.field
        return field.null or field.has_db_default() or bool(field.many_to_many)
    return isinstance(operation, ADDITIONS)


def test_migrations_only_add() -> None:
    assert [(where, operation) for where, operation in later_operations() if not is_additive(operation)] == []


def add(field: models.Field) -> Operation:
    return migrations.AddField("token", "note", field)


@pytest.mark.parametrize(
    ("operation", "is_one"),
    [
        (add(models.TextField(null=True)), True),
        (add(models.TextField(db_default="")), True),
        (add(models.ManyToManyField("accounts.User")), True),
        (migrations.AddIndex("token", models.Index(fields=["name"], name="x")), True),
        (migrations.RemoveIndex("token", "x"), True),
        (add(models.TextField(default="")), False),
        (migrations.RemoveField("token", "name"), False),
        (migrations.RenameField("token", "name", "title"), False),
        (migrations.AlterField("token", "name", models.TextField()), False),
        (migrations.DeleteModel("token"), False),
        (migrations.AddConstraint("token", models.CheckConstraint(condition=models.Q(name=""), name="x")), False),
    ],
    ids=lambda value: value.describe() if isinstance(value, Operation) else "",
)
def test_what_adds_and_what_takes_away(operation: Operation, is_one: bool) -> None:
    assert is_additive(operation) is is_one
