"""Pages by position, for programs: read on with what `next` says until it says nothing."""

from typing import Any

from django.db.models import QuerySet

from config.keyset import Order
from tokens.api.errors import Unprocessable
from tokens.api.schemas import Query


def page(rows: "QuerySet[Any]", query: Query, *, order: Order | None = None) -> tuple[list[Any], str | None]:
    """The rows of the page that the query asks for, and the cursor of the next one."""
    order = order or Order()
    start = order.read(query.after, rows) if query.after is not None else None
    if query.after is not None and start is None:
        raise Unprocessable("/after", "This is no `next` of this list.")
    found: list[Any] = []
    for stretch in order.stretches(rows, start):
        found += stretch[: query.limit + 1 - len(found)]
        if len(found) > query.limit:
            break
    shown = found[: query.limit]
    return shown, order.cursor_of(shown[-1]) if len(found) > query.limit else None
