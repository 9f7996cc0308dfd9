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
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Field, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import QueryDict

from config.passing import bounds, in_passing

COUNTED_AT_MOST = 10_000
MANY = 2**63 - 1  # chosen out of more than would be counted, and not counted
FIRST_LOOK = 10  # a tenth of it, in which most pages are found
MOST_LOOKS = 10  # as many times as much, before a page is shown without any row
EVERY = Q()


@dataclass(frozen=True, slots=True)
class Order:
    """By `column`, which may be the primary key itself, or one of a related row such as `user__name`.

    `within` is a column with one value in all of the rows, which their index begins with.
    """

    column: str = "pk"
    is_descending: bool = True
    within: str = ""

    def stretches(
        self, rows: "QuerySet[Any]", start: tuple[Any, int] | None = None, *, backwards: bool = False, asked: Q = EVERY
    ) -> "Iterator[QuerySet[Any]]":
        """The rows behind `start` in their order, or `backwards` those before it: at most three queries.

        Without those that cannot be what is asked for, by their column alone.
        """
        down = self.is_descending != backwards
        columns = filter(None, [self.within, "" if self.column == "pk" else self.column, "pk"])
        order = [F(column).desc() if down else F(column).asc() for column in columns]
        for stretch, is_missing in self.conditions(rows, start, "lt" if down else "gt", backwards):
            bound = bounds(asked, self.column, is_missing=is_missing)
            if bound is not None:
                yield rows.filter(stretch & bound).order_by(*order)

    def conditions(
        self, rows: "QuerySet[Any]", start: tuple[Any, int] | None, word: str, backwards: bool
    ) -> "Iterator[tuple[Q, bool]]":
        """One a stretch, each a single range of an index over the column and the key; and whether that is missing."""
        beyond = Q(**{f"pk__{word}": start[1]}) if start else Q()
        if self.column == "pk":
            yield beyond, False
            return
        valued, missing = Q(**{f"{self.column}__isnull": False}), Q(**{f"{self.column}__isnull": True})
        stretches = [valued, missing] if self.field_of(rows).null else [Q()]
        if backwards:
            stretches.reverse()
        if start and start[0] is None:
            yield missing & beyond, True
            stretches = stretches[stretches.index(missing) + 1 :]
        elif start:
            yield Q(**{self.column: start[0]}) & beyond, False
            yield Q(**{f"{self.column}__{word}": start[0]}), False
            stretches = stretches[stretches.index(valued) + 1 :] if valued in stretches else []
        yield from ((stretch, stretch is missing) for stretch in stretches)

    def cursor_of(self, row: Any) -> str:
        return self.cursor(attrgetter(self.column.replace(LOOKUP_SEP, "."))(row), row.pk)

    def cursor(self, value: Any, pk: int) -> str:
        """Of the row that has the key and this value in the column."""
        text = value.isoformat() if isinstance(value, datetime) else value
        told = json.dumps([None if self.column == "pk" else text, pk])
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")

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
class Stretch:
    """Rows in their order, and where to read on: the cursor of the last row shown or looked at; "" at the end."""

    rows: list[Any]
    cursor: str = ""
    looked_at: int = 0


def stretch_of(
    rows: "QuerySet[Any]",
    start: tuple[Any, int] | None,
    *,
    order: Order,
    size: int,
    asked: Q = EVERY,
    backwards: bool = False,
) -> Stretch:
    """At most `size` rows behind `start`. Looks for those that are asked for until one is found, within reason."""
    if not asked:
        return cut(first_of(order.stretches(rows, start, backwards=backwards), size + 1), size, order)
    looked_at = 0
    while looked_at < MOST_LOOKS * COUNTED_AT_MOST:
        found = looked_for(rows, start, order=order, size=size, asked=asked, backwards=backwards)
        looked_at += COUNTED_AT_MOST
        if found.rows or not found.cursor:
            break
        start = order.read(found.cursor, rows)
    return replace(found, looked_at=looked_at)


def looked_for(
    rows: "QuerySet[Any]", start: tuple[Any, int] | None, *, order: Order, size: int, asked: Q, backwards: bool
) -> Stretch:
    """Among the next COUNTED_AT_MOST. Cursors are of where a row stood when it was looked at: it may move meanwhile."""
    everything = rows.model._default_manager.order_by()
    for most in (COUNTED_AT_MOST // FIRST_LOOK, COUNTED_AT_MOST):
        stretches = order.stretches(rows, start, backwards=backwards, asked=asked)
        places = first_of((each.values_list(order.column, "pk") for each in stretches), most + 1)
        keys = [pk for _, pk in places[:most]]
        met = set(in_passing(everything.filter(pk__in=keys), asked).values_list("pk", flat=True))
        shown = [place for place in places[:most] if place[1] in met][: size + 1]
        if len(shown) > size or len(places) <= most:
            break
    last = shown[size - 1] if len(shown) > size else places[most - 1] if len(places) > most else None
    return Stretch(in_turn(rows, [pk for _, pk in shown[:size]]), order.cursor(*last) if last else "")


def first_of(stretches: "Iterator[QuerySet[Any]]", count: int) -> list[Any]:
    found: list[Any] = []
    for stretch in stretches:
        found += stretch[: count - len(found)]
        if len(found) == count:
            break
    return found


def in_turn(rows: "QuerySet[Any]", keys: list[int]) -> list[Any]:
    found = {row.pk: row for row in rows.filter(pk__in=keys).order_by()}
    return [found[key] for key in keys if key in found]


def cut(found: list[Any], size: int, order: Order) -> Stretch:
    return Stretch(found[:size], order.cursor_of(found[size - 1]) if len(found) > size else "")


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """What `_keyset_pager.html` draws: the rows, the query of the pages around them, and how many there are in all."""

    rows: list[Any]
    newer: str
    older: str
    count: int
    # How many rows were looked at, where there may be more behind them than are shown.
    looked_at: int = 0

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __bool__(self) -> bool:
        return bool(self.rows) or self.is_cut_short

    @property
    def is_cut_short(self) -> bool:
        return self.looked_at > 0

    @property
    def total(self) -> str:
        return in_words(self.count)


def validate_text(text: str) -> None:
    """No database takes a half of a surrogate pair, and PostgreSQL no NUL."""
    text.encode()
    if "\x00" in text:
        raise ValueError("NUL in a cursor")


def page_of(
    rows: "QuerySet[Any]", query: QueryDict, *, order: Order, size: int, count: int | None = None, asked: Q = EVERY
) -> KeysetPage:
    """The page that `?after=` or `?before=` asks for, the first without them. Counts no further than it must.

    Not at all where the count is known. `asked` is what is asked of each row in passing.
    """
    backwards = "after" not in query and "before" in query
    given = query.get("before" if backwards else "after", "")
    start = order.read(given, rows)
    backwards = backwards and start is not None
    found = stretch_of(rows, start, order=order, size=size, asked=asked, backwards=backwards)
    shown = found.rows
    is_behind = start is not None and not shown and not found.cursor
    if is_behind and not asked:
        return page_of(rows, without_place(query), order=order, size=size, count=count)
    near = (order.cursor_of(shown[0]) if shown else given) if start else ""
    newer, older = (found.cursor, near) if backwards else (near, found.cursor)
    return KeysetPage(
        rows=shown[::-1] if backwards else shown,
        newer=link(query, "before", newer) if newer else "",
        older=link(query, "after", older) if older else "",
        count=(count_of(rows) if count is None else count) if shown or found.cursor or is_behind else 0,
        looked_at=found.looked_at if len(shown) < size and (found.cursor or is_behind) else 0,
    )


def count_of(rows: "QuerySet[Any]") -> int:
    """How many there are, counted no further than one past COUNTED_AT_MOST."""
    return rows[: COUNTED_AT_MOST + 1].count()


def in_words(count: int) -> str:
    if count == MANY:
        return "many"
    return f"more than {COUNTED_AT_MOST:,}" if count > COUNTED_AT_MOST else f"{count:,}"


def link(query: QueryDict, name: str, cursor: str) -> str:
    """The same search, from another row on."""
    changed = without_place(query)
    changed[name] = cursor
    return f"?{changed.urlencode()}"


def without_place(query: QueryDict) -> QueryDict:
    """The same search from its first row on."""
    changed = query.copy()
    for word in ("after", "before", "page"):
        changed.pop(word, None)
    return changed
