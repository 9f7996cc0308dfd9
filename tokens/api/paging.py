"""Pages by position, for programs: read on with what `next` says until it says nothing."""

from typing import Any

from django.db.models import Q, QuerySet

from config.keyset import EVERY, Order, stretch_of
from tokens.api.errors import Unprocessable
from tokens.api.schemas import Query


def page(
    rows: "QuerySet[Any]", query: Query, *, order: Order | None = None, asked: Q = EVERY
) -> tuple[list[Any], str | None]:
    """The rows of the page that the query asks for, and the cursor of the next one."""
    order = order or Order()
    start = order.read(query.after, rows) if query.after is not None else None
    if query.after is not None and start is None:
        raise Unprocessable("/after", "This is no `next` of this list.")
    found = stretch_of(rows, start, order=order, size=query.limit, asked=asked)
    return found.rows, found.cursor or None
