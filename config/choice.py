"""Rows chosen out of a long list, so that no page reads much more than it shows.

A choice of few rows is gathered first, each range out of its index, and only those rows are put in order. A choice of
many is read along the order that is asked for, and its condition asked of each row in passing: a database that could
choose an index for it would have to sort all that it finds.
"""

import functools
import operator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import BooleanField, Case, F, Func, Q, QuerySet, SmallIntegerField, Subquery, Value, When
from django.db.models.sql.datastructures import BaseTable

from config import keyset

Rows = TypeVar("Rows", bound="QuerySet[Any]")
NOTHING = Q(pk__in=[])
YES, NO = Value(1), Value(0)
BY_KEY = ""


@dataclass(frozen=True, slots=True)
class Range:
    """What an index finds, without a look at anything else; BY_KEY stands for that of the primary key.

    `lookup` is the same as `condition`, in the form in which it is gathered rather than asked of a row.
    """

    index: str
    condition: Q
    lookup: Q | None = None

    def within(self, rows: Rows) -> Rows:
        return along(self.index, rows.filter(self.lookup or self.condition).order_by())


@dataclass(frozen=True, slots=True)
class Found:
    """`count` goes no further than one past COUNTED_AT_MOST; None where nothing was chosen, so nothing counted."""

    rows: "QuerySet[Any]"
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What is in one of the ranges and keeps to all of the terms. Without any it is everything.

    Terms alone are of many: met wherever one looks. What `is_short` is not: it may stand together far behind in an
    order, but its ranges hold so little that all of it can be put in order at once.
    """

    ranges: list[Range] = field(default_factory=list)
    terms: Q = field(default_factory=Q)
    is_short: bool = False

    def __and__(self, other: "Choice") -> "Choice":
        """Gathered by the ranges of the first that has some."""
        if not self.ranges:
            return Choice(other.ranges, self.terms & other.terms, other.is_short)
        return Choice(self.ranges, self.terms & other.condition, self.is_short)

    def __bool__(self) -> bool:
        return bool(self.condition)

    @property
    def condition(self) -> Q:
        return functools.reduce(operator.or_, [each.condition for each in self.ranges], Q()) & self.terms

    def out_of(self, rows: "QuerySet[Any]") -> Found:
        if not self.ranges:
            return Found(self.in_passing(rows), keyset.MANY if self else None)
        keys: set[int] = set()
        for each in self.ranges:
            found = each.within(rows.filter(self.terms))
            keys.update(found.values_list("pk", flat=True)[: keyset.COUNTED_AT_MOST + 1 - len(keys)])
            if len(keys) > keyset.COUNTED_AT_MOST:
                return Found(self.at_once(rows) if self.is_short else self.in_passing(rows), len(keys))
        return Found(rows.model._default_manager.filter(pk__in=keys), len(keys))

    def at_once(self, rows: Rows) -> Rows:
        first, *others = (each.within(rows).values("pk") for each in self.ranges)
        return along(BY_KEY, rows.filter(among("pk", first.union(*others) if others else first), self.terms))

    def count_in(self, rows: "QuerySet[Any]") -> int:
        """Counted no further than one past COUNTED_AT_MOST."""
        return self.out_of(rows).count or 0

    def in_passing(self, rows: Rows) -> Rows:
        """Asked row by row, in a form that no index is chosen for."""
        if not self:
            return rows
        is_met = Case(When(self.condition, then=YES), default=NO, output_field=SmallIntegerField())
        return rows.alias(is_met=is_met).filter(is_met=YES)


def among(column: str, keys: "QuerySet[Any]") -> Q:
    """Whose column is one of the keys that a query finds, which is answered ahead of everything else."""
    return Q(Among(F(column), Subquery(keys)))


class Among(Func):
    """PostgreSQL would rather join, and then read along the order it was asked for and try each row."""

    output_field = BooleanField()
    template = "%(expressions)s"
    arg_joiner = " IN "

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(ARRAY")


def along(index: str, rows: Rows) -> Rows:
    """Read by this index. PostgreSQL knows its tables well enough to choose; SQLite may not, and is told."""
    told = rows.all()
    query = told.query
    table = query.get_initial_alias()
    query.alias_map[table] = Indexed(query.alias_map[table].table_name, table, index)
    return told


class Indexed(BaseTable):
    def __init__(self, table_name: str, alias: str | None, index: str) -> None:
        super().__init__(table_name, alias)
        self.index = index

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        sql, params = super().as_sql(compiler, connection)
        if connection.vendor != "sqlite":
            return sql, params
        return f'{sql} INDEXED BY "{self.index}"' if self.index else f"{sql} NOT INDEXED", params

    def relabeled_clone(self, change_map: dict[str | None, str]) -> "Indexed":
        return Indexed(self.table_name, change_map.get(self.table_alias, self.table_alias), self.index)
