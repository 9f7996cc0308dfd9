"""A condition that is asked of each row in passing, in a form that no index is chosen for.

A database that could choose one would have to sort all that it finds there. What the condition says of the very column
that the rows are read along is told beforehand, so that reading begins and ends where there is something to meet.
"""

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Case, Q, QuerySet, SmallIntegerField, Value, When
from django.db.models.constants import LOOKUP_SEP

Rows = TypeVar("Rows", bound="QuerySet[Any]")
YES, NO = Value(1), Value(0)
RANGES = {"lt", "lte", "gt", "gte"}


def in_passing(rows: Rows, condition: Q) -> Rows:
    """PostgreSQL takes what equals something for rare, and would sort it; what does not, for nearly all."""
    if not condition:
        return rows
    is_met = Case(When(condition, then=YES), default=NO, output_field=SmallIntegerField())
    return rows.alias(is_met=is_met).exclude(is_met=NO)


def bounds(condition: Q, column: str, *, is_missing: bool) -> Q | None:
    """What has to hold of a column for the condition to be met by rows with a value in it, or by those without one.

    It may be less than all that the condition asks; None where no such row meets it.
    """
    if condition.negated or condition.connector == Q.XOR:
        return Q()
    parts = [of_part(part, column, is_missing=is_missing) for part in condition.children]
    possible = [part for part in parts if part is not None]
    if condition.connector == Q.AND:
        return Q(*filter(None, possible)) if len(possible) == len(parts) else None
    if not possible:
        return None
    return possible[0] if all(part == possible[0] for part in possible) else Q()


def of_part(part: Any, column: str, *, is_missing: bool) -> Q | None:
    if isinstance(part, Q):
        return bounds(part, column, is_missing=is_missing)
    if not isinstance(part, tuple):
        return Q()
    name, value = part
    if name in {column, f"{column}{LOOKUP_SEP}isnull"}:
        asks_for_none = value is None or value is True
        return Q() if asks_for_none == is_missing else None
    if not any(name == f"{column}{LOOKUP_SEP}{lookup}" for lookup in RANGES) or not isinstance(value, datetime):
        return Q()
    return None if is_missing else Q(part)
