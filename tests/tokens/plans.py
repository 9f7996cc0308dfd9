"""How the database means to read, in the words of SQLite or of PostgreSQL, and how much it then does read."""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.db import connection

IS_SQLITE = connection.vendor == "sqlite"
STEPS_AT_ONCE = 10
ALIAS = re.compile(r'"(\w+)" (?:AS )?"?([A-Z]+\d+)"?(?![.\w])')


def plan_of(sql: str) -> str:
    return "\n".join(str(row[-1]) for row in rows_of(("EXPLAIN QUERY PLAN " if IS_SQLITE else "EXPLAIN ") + sql))


def is_read_along(plan: str, index: str, table: str = "tokens_token") -> bool:
    """From the place in the index where the organization begins, in its order."""
    if IS_SQLITE:
        along = rf"SEARCH {table} USING (COVERING )?INDEX {index} \(organization_id=\?"
        return re.search(along, plan) is not None and "TEMP B-TREE" not in plan
    along = rf"Index (Only )?Scan (Backward )?using {index} on {table}.*\n *Index Cond: \(+organization_id = "
    return re.search(along, plan) is not None and "Sort" not in plan


def is_scanned(plan: str) -> bool:
    """Whether tokens of others are looked at."""
    return ("SCAN tokens_token" if IS_SQLITE else "Seq Scan on tokens_token") in plan


def scanned(sql: str) -> set[str]:
    """The tables that are read as a whole, row by row."""
    if not IS_SQLITE:
        return {node["Relation Name"] for node in nodes_of(sql) if node["Node Type"] == "Seq Scan"}
    tables = {alias: table for table, alias in ALIAS.findall(sql)}
    return {tables.get(name, name) for name in re.findall(r"SCAN (\w+)$", plan_of(sql), re.MULTILINE)}


def work_of(sql: str) -> int:
    """What grows with the rows that are looked at: steps of SQLite's machine, or the rows themselves."""
    if not IS_SQLITE:
        return sum(rows_read(node) for node in nodes_of(sql) if "Scan" in node["Node Type"])
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += STEPS_AT_ONCE
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(count, STEPS_AT_ONCE)
    try:
        rows_of(sql)
    finally:
        connection.connection.set_progress_handler(None, 0)
    return steps


def rows_read(node: dict[str, Any]) -> int:
    left_out = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int((node["Actual Rows"] + sum(node.get(name, 0) for name in left_out)) * node["Actual Loops"])


def nodes_of(sql: str) -> list[dict[str, Any]]:
    ((told,),) = rows_of("EXPLAIN (ANALYZE, FORMAT JSON) " + sql)
    told = json.loads(told) if isinstance(told, str) else told
    return list(below(told[0]["Plan"]))


def below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", []):
        yield from below(part)


def rows_of(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
