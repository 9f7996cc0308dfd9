"""How the database means to read, in the words of SQLite or of PostgreSQL."""

import re

from django.db import connection

IS_SQLITE = connection.vendor == "sqlite"


def plan_of(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(("EXPLAIN QUERY PLAN " if IS_SQLITE else "EXPLAIN ") + sql)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def is_read_along(plan: str, index: str, table: str = "tokens_token") -> bool:
    """From the place in the index where the organization begins, in its order."""
    if IS_SQLITE:
        return f"SEARCH {table} USING INDEX {index} (organization_id=?" in plan and "TEMP B-TREE" not in plan
    condition = rf"Index Scan (Backward )?using {index} on {table}.*\n *Index Cond: \(+organization_id = "
    return re.search(condition, plan) is not None and "Sort" not in plan


def is_scanned(plan: str) -> bool:
    """Whether tokens of others are looked at."""
    return ("SCAN tokens_token" if IS_SQLITE else "Seq Scan on tokens_token") in plan
