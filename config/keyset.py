"""Paging by position instead of by number: page one million costs what page one costs.

Rows stand in the order of one column, then of the primary key. A cursor names the row that a page begins behind, so
rows that come or go meanwhile neither repeat nor hide others. Nulls stand last in either direction.

Rows with the cursor's value, with further ones and without one are stretches, each asked for by itself: so an index
over the column and the key serves both directions, on SQLite as on PostgreSQL, which do not agree on where nulls stand.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Field, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import QueryDict

COUNTED_AT_MOST = 10_000
MANY = 2**63 - 1  # more than would be counted, and not counted


@dataclass(frozen=True, slots=True)
class Order:
    """By `column`, which may be the primary key itself, or one of a related row such as `user__name`."""

    column: str = "pk"
    is_descending: bool = True

    def stretches(
        self, rows: "QuerySet[Any]", start: tuple[Any, int] | None = None, *, backwards: bool = False
    ) -> "Iterator[QuerySet[Any]]":
        """The rows behind `start` in their order, or `backwards` those before it: at most three queries."""
        down = self.is_descending != backwards
        key = F("pk").desc() if down else F("pk").asc()
        column = [] if self.column == "pk" else [F(self.column).desc() if down else F(self.column).asc()]
        for stretch in self.conditions(rows, start, "lt" if down else "gt", backwards):
            yield rows.filter(stretch).order_by(*column, key)

    def conditions(
        self, rows: "QuerySet[Any]", start: tuple[Any, int] | None, word: str, backwards: bool
    ) -> "Iterator[Q]":
        """One a stretch, each a single range of an index over the column and the key."""
        beyond = Q(**{f"pk__{word}": start[1]}) if start else Q()
        if self.column == "pk":
            yield beyond
            return
        valued, missing = Q(**{f"{self.column}__isnull": False}), Q(**{f"{self.column}__isnull": True})
        stretches = [valued, missing] if self.field_of(rows).null else [Q()]
        if backwards:
            stretches.reverse()
        if start and start[0] is None:
            yield missing & beyond
            stretches = stretches[stretches.index(missing) + 1 :]
        elif start:
            yield Q(**{self.column: start[0]}) & beyond
            yield Q(**{f"{self.column}__{word}": start[0]})
            stretches = stretches[stretches.index(valued) + 1 :] if valued in stretches else []
        yield from stretches

    def cursor_of(self, row: Any) -> str:
        value = None if self.column == "pk" else attrgetter(self.column.replace(LOOKUP_SEP, "."))(row)
        text = value.isoformat() if isinstance(value, datetime) else value
        return base64.urlsafe_b64encode(json.dumps([text, row.pk]).encode()).decode().rstrip("=")

    def read(self, cursor: str, rows: "QuerySet[Any]") -> tuple[Any, int] | None:
        """The column's value and the key of the row a cursor names; None for one that makes no sense here."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            value, pk = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
            if self.column != "pk" and value is not None:
                value = self.field_of(rows).to_python(value)
                if isinstance(value, datetime):
                    value = value.astimezone(UTC)  # a moment that is none in UTC is in no database
                if isinstance(value, str):
                    validate_text(value)
        except (ValueError, TypeError, OverflowError, UnicodeError, binascii.Error, RecursionError, ValidationError):
            return None
        if value is None and self.column != "pk" and not self.field_of(rows).null:
            return None
        is_key = isinstance(pk, int) and not isinstance(pk, bool) and 0 < pk < 2**63
        return (value, pk) if is_key else None

    def field_of(self, rows: "QuerySet[Any]") -> "Field[Any, Any]":
        *relations, name = self.column.split(LOOKUP_SEP)
        model = rows.model
        for relation in relations:
            model = model._meta.get_field(relation).related_model
        field: Field[Any, Any] = model._meta.get_field(name)
        return field


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """What `_keyset_pager.html` draws: the rows, the query of the pages around them, and how many there are in all."""

    rows: list[Any]
    newer: str
    older: str
    count: int

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def total(self) -> str:
        return in_words(self.count)


def validate_text(text: str) -> None:
    """No database takes a half of a surrogate pair, and PostgreSQL no NUL."""
    text.encode()
    if "\x00" in text:
        raise ValueError("NUL in a cursor")


def page_of(
    rows: "QuerySet[Any]", query: QueryDict, *, order: Order, size: int, count: int | None = None
) -> KeysetPage:
    """The page that `?after=` or `?before=` asks for, the first without them. Counts no further than it must.

    Not at all where the count is known.
    """
    backwards = "after" not in query and "before" in query
    start = order.read(query.get("before" if backwards else "after", ""), rows)
    backwards = backwards and start is not None
    found: list[Any] = []
    for stretch in order.stretches(rows, start, backwards=backwards):
        found += stretch[: size + 1 - len(found)]
        if len(found) > size:
            break
    if start and not found:
        return page_of(rows, QueryDict(), order=order, size=size, count=count)
    has_more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_older, has_newer = (True, has_more) if backwards else (has_more, start is not None)
    return KeysetPage(
        rows=found,
        newer=link(query, "before", order.cursor_of(found[0])) if found and has_newer else "",
        older=link(query, "after", order.cursor_of(found[-1])) if found and has_older else "",
        count=(count_of(rows) if count is None else count) if found else 0,
    )


def count_of(rows: "QuerySet[Any]") -> int:
    """How many there are, counted no further than one past COUNTED_AT_MOST."""
    return rows.order_by()[: COUNTED_AT_MOST + 1].count()


def in_words(count: int) -> str:
    if count == MANY:
        return "many"
    return f"more than {COUNTED_AT_MOST:,}" if count > COUNTED_AT_MOST else f"{count:,}"


def link(query: QueryDict, name: str, cursor: str) -> str:
    """The same search, from another row on."""
    changed = query.copy()
    for word in ("after", "before", "page"):
        changed.pop(word, None)
    changed[name] = cursor
    return f"?{changed.urlencode()}"
