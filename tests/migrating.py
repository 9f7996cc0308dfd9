"""The schema of an earlier day, and the way back to today's."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

State = list[tuple[str, str]]


def migrate_back(state: State) -> Any:
    """The models of that day: what its code knew of the tables."""
    MigrationExecutor(connection).migrate(state)
    return MigrationExecutor(connection).loader.project_state(state).apps


def migrate_forward() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
