"""Rows chosen out of a long list, so that no page reads much more than it shows.

A choice of few rows is gathered first, each range out of its index, and only those rows are put in order. A choice of
many is read along the order that is asked for, and its condition asked of each row in passing: a database that could
choose an index for it would have to sort all that it finds.
"""

import functools
import operator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Case, Q, QuerySet, SmallIntegerField, Value, When

from config.keyset import COUNTED_AT_MOST

Rows = TypeVar("Rows", bound="QuerySet[Any]")
NOTHING = Q(pk__in=[])
YES, NO = Value(1), Value(0)


@dataclass(frozen=True, slots=True)
class Found:
    """`count` goes no further than one past COUNTED_AT_MOST; None where nothing was chosen, so nothing counted."""

    rows: "QuerySet[Any]"
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What is in one of the `ranges`, each as an index serves it, and keeps to all of the `terms`."""

    ranges: list[Q] = field(default_factory=lambda: [Q()])
    terms: Q = field(default_factory=Q)

    def __and__(self, other: "Choice") -> "Choice":
        """Gathered by the ranges of the first that has some."""
        if self.ranges == [Q()]:
            return Choice(other.ranges, self.terms & other.terms)
        return Choice(self.ranges, self.terms & other.condition)

    def __bool__(self) -> bool:
        return bool(self.condition)

    @property
    def condition(self) -> Q:
        return functools.reduce(operator.or_, self.ranges, Q()) & self.terms

    def out_of(self, rows: "QuerySet[Any]") -> Found:
        if not self:
            return Found(rows)
        keys: set[int] = set()
        for some in self.ranges:
            missing = COUNTED_AT_MOST + 1 - len(keys)
            keys.update(rows.filter(some & self.terms).order_by().values_list("pk", flat=True)[:missing])
            if len(keys) > COUNTED_AT_MOST:
                return Found(self.in_passing(rows), len(keys))
        return Found(rows.filter(pk__in=keys), len(keys))

    def in_passing(self, rows: Rows) -> Rows:
        """Asked row by row, in a form that no index is chosen for."""
        if not self:
            return rows
        is_met = Case(When(self.condition, then=YES), default=NO, output_field=SmallIntegerField())
        return rows.alias(is_met=is_met).filter(is_met=YES)
