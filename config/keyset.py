"""Paging by position instead of by number: page one million costs what page one costs.

Rows stand in the order of one column, then of the primary key. A cursor names the row that a page begins behind, so
rows that come or go meanwhile neither repeat nor hide others. Nulls stand last in either direction.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Field, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import QueryDict

COUNTED_AT_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Order:
    """By `column`, which may be the primary key itself, or one of a related row such as `user__name`."""

    column: str = "pk"
    is_descending: bool = True

    def ordered(self, rows: "QuerySet[Any]", *, backwards: bool = False) -> "QuerySet[Any]":
        down = self.is_descending != backwards
        key = F("pk").desc() if down else F("pk").asc()
        if self.column == "pk":
            return rows.order_by(key)
        place = {"nulls_first": True} if backwards else {"nulls_last": True}
        column = F(self.column).desc(**place) if down else F(self.column).asc(**place)
        return rows.order_by(column, key)

    def behind(self, value: Any, pk: int, *, backwards: bool = False) -> Q:
        """The rows on the far side of a row; `backwards`, on the near side."""
        word = "lt" if self.is_descending != backwards else "gt"
        key = Q(**{f"pk__{word}": pk})
        if self.column == "pk":
            return key
        missing = Q(**{f"{self.column}__isnull": True})
        if value is None:
            return ~missing | key if backwards else missing & key
        found = Q(**{f"{self.column}__{word}": value}) | (Q(**{self.column: value}) & key)
        return found if backwards else found | missing

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
                if isinstance(value, str):
                    validate_text(value)
        except (ValueError, TypeError, UnicodeError, binascii.Error, RecursionError, ValidationError):
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
        return f"more than {COUNTED_AT_MOST:,}" if self.count > COUNTED_AT_MOST else f"{self.count:,}"


def validate_text(text: str) -> None:
    """No database takes a half of a surrogate pair, and PostgreSQL no NUL."""
    text.encode()
    if "\x00" in text:
        raise ValueError("NUL in a cursor")


def page_of(rows: "QuerySet[Any]", query: QueryDict, *, order: Order, size: int) -> KeysetPage:
    """The page that `?after=` or `?before=` asks for, the first without them. Counts no further than it must."""
    backwards = "after" not in query and "before" in query
    start = order.read(query.get("before" if backwards else "after", ""), rows)
    backwards = backwards and start is not None
    behind = rows.filter(order.behind(*start, backwards=backwards)) if start else rows
    found = list(order.ordered(behind, backwards=backwards)[: size + 1])
    if start and not found:
        return page_of(rows, QueryDict(), order=order, size=size)
    has_more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_older, has_newer = (True, has_more) if backwards else (has_more, start is not None)
    return KeysetPage(
        rows=found,
        newer=link(query, "before", order.cursor_of(found[0])) if found and has_newer else "",
        older=link(query, "after", order.cursor_of(found[-1])) if found and has_older else "",
        count=rows.order_by()[: COUNTED_AT_MOST + 1].count(),
    )


def link(query: QueryDict, name: str, cursor: str) -> str:
    """The same search, from another row on."""
    changed = query.copy()
    for word in ("after", "before", "page"):
        changed.pop(word, None)
    changed[name] = cursor
    return f"?{changed.urlencode()}"
