"""Rows chosen out of a long list, so that no page reads much more than it shows.

A choice of few rows is gathered first, each range out of its index, and only those rows are put in order. A choice out
of many is read along the order that is asked for, a window of it at a time, and asked of each row there: see `passing`.
"""

import functools
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import connections
from django.db.models import ForeignKey, Q, QuerySet
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.sql.datastructures import BaseTable

from config import keyset
from config.passing import in_passing

Rows = TypeVar("Rows", bound="QuerySet[Any]")
NOTHING = Q(pk__in=[])
BY_KEY = ""
WHOSE = {"organization", "license", "actor", "subject"}  # whose rows a list shows, and an index of it begins with


@dataclass(frozen=True, slots=True)
class Range:
    """What an index finds, without a look at anything else; BY_KEY stands for that of the primary key.

    What is implied by the terms of its choice finds all that keep to them, and need not be asked of a row.
    """

    index: str
    condition: Q
    is_implied: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """`count` goes no further than one past COUNTED_AT_MOST; None where nothing was chosen, so nothing counted.

    `asked` is what is still to be asked of each row in passing.
    """

    rows: "QuerySet[Any]"
    count: int | None = None
    asked: Q = field(default_factory=Q)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is in one of the ranges and keeps to all of the terms, and is in all of the others. Without any: everything.

    The first whose ranges find few is gathered, and the rest asked of those. Where none does, nobody knows how many
    keep to the rest.
    """

    ranges: list[Range] = field(default_factory=list)
    terms: Q = field(default_factory=Q)
    others: "list[Choice]" = field(default_factory=list)

    def __and__(self, other: "Choice") -> "Choice":
        if not self.ranges:
            return Choice(other.ranges, self.terms & other.terms, other.others)
        if not other.ranges:
            return Choice(self.ranges, self.terms & other.terms, self.others)
        return Choice(self.ranges, self.terms, [*self.others, *other.parts])

    def __bool__(self) -> bool:
        return bool(self.condition)

    @property
    def parts(self) -> "list[Choice]":
        """Each with ranges of its own."""
        return [Choice(self.ranges, self.terms), *self.others] if self.ranges else []

    @property
    def condition(self) -> Q:
        return self.of_ranges & self.rest

    @property
    def of_ranges(self) -> Q:
        return functools.reduce(operator.or_, [each.condition for each in self.ranges if not each.is_implied], Q())

    @property
    def rest(self) -> Q:
        return functools.reduce(operator.and_, [each.condition for each in self.others], self.terms)

    def out_of(self, rows: "QuerySet[Any]") -> Found:
        if not self:
            return Found(rows)
        for way in self.ways():
            keys = way.gathered(rows)
            if len(keys) <= keyset.COUNTED_AT_MOST:
                return kept(keys, way.rest, rows)
        count = keyset.MANY if self.rest or not self.ranges else keyset.COUNTED_AT_MOST + 1
        return Found(rows, count, self.condition)

    def ways(self) -> "Iterator[Choice]":
        """The same, each time led by the ranges of another one."""
        for place, part in enumerate(self.parts):
            yield Choice(part.ranges, part.terms, self.parts[:place] + self.parts[place + 1 :])

    def gathered(self, rows: "QuerySet[Any]") -> set[int]:
        """What the ranges find, each of which is read to one past COUNTED_AT_MOST: they may share what they find."""
        keys: set[int] = set()
        for each in self.ranges:
            found = along(each.index, rows.filter(each.condition).order_by())
            keys.update(found.values_list("pk", flat=True)[: keyset.COUNTED_AT_MOST + 1])
            if len(keys) > keyset.COUNTED_AT_MOST:
                break
        return keys

    def count_in(self, rows: "QuerySet[Any]") -> int:
        """Counted no further than one past COUNTED_AT_MOST."""
        return self.out_of(rows).count or 0

    def in_passing(self, rows: Rows) -> Rows:
        return in_passing(rows, self.condition)


def kept(keys: set[int], terms: Q, rows: "QuerySet[Any]") -> Found:
    everything = rows.model._default_manager.all()
    if terms:
        keys = set(everything.filter(terms, pk__in=keys).values_list("pk", flat=True))
    return Found(everything.filter(pk__in=keys), len(keys))


@ForeignKey.register_lookup
class Among(RelatedIn):
    """`organization__among=[…]`: one of those, and read along an index that begins with it.

    PostgreSQL leaves out of an order what has one value. Then any other index over the rest of the order would do, and
    it takes that of the primary key, past the rows of all other organizations. Of what has one among two values it
    keeps the order, which only the organization's own indexes have; and no organization has the key 0.
    """

    lookup_name = "among"

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        values, given = self.process_rhs(compiler, connection)
        return f"{column} = ANY (ARRAY[0, {values.strip('()')}]::bigint[])", [*params, *given]


def along(index: str, rows: Rows) -> Rows:
    """Read by this index: SQLite is told. PostgreSQL is asked for its order, where the rows are `among` something."""
    if connections[rows.db].vendor != "sqlite":
        return rows.order_by(*order_of(index, rows))
    told = rows.all()
    query = told.query
    table = query.get_initial_alias()
    query.alias_map[table] = Indexed(query.alias_map[table].table_name, table, index)
    return told


def order_of(index: str, rows: "QuerySet[Any]") -> list[str]:
    fields = next((list(each.fields) for each in rows.model._meta.indexes if each.name == index), [""])
    first = fields[0]
    return [f"{first}_id", *fields[1:]] if first in WHOSE else []


class Indexed(BaseTable):
    def __init__(self, table_name: str, alias: str | None, index: str) -> None:
        super().__init__(table_name, alias)
        self.index = index

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        sql, params = super().as_sql(compiler, connection)
        return f'{sql} INDEXED BY "{self.index}"' if self.index else f"{sql} NOT INDEXED", params

    def relabeled_clone(self, change_map: dict[str | None, str]) -> "Indexed":
        return Indexed(self.table_name, change_map.get(self.table_alias, self.table_alias), self.index)
