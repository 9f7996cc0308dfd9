"""The writes of the ledger, as upserts that add: the ORM has none, and both databases speak this one dialect.

Rows are written in the order of their keys, so that two processes never wait for each other in a circle.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from tokens.models import TokenAddress

if TYPE_CHECKING:
    from tokens.ledger import Gathered

ADDRESSES_KEPT = 5

DAYS = """
    INSERT INTO tokens_tokenday (token_id, day, calls, refusals) VALUES (%s, %s, %s, %s)
    ON CONFLICT (token_id, day) DO UPDATE
    SET calls = tokens_tokenday.calls + excluded.calls, refusals = tokens_tokenday.refusals + excluded.refusals
"""
REFUSALS = """
    INSERT INTO tokens_refusalday (token_id, day, code, calls, last_at, last_address) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (token_id, day, code) DO UPDATE
    SET calls = tokens_refusalday.calls + excluded.calls, last_at = excluded.last_at,
        last_address = excluded.last_address
"""
ADDRESSES = """
    INSERT INTO tokens_tokenaddress (token_id, address, user_agent, calls, last_at) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (token_id, address) DO UPDATE
    SET calls = tokens_tokenaddress.calls + excluded.calls, last_at = excluded.last_at,
        user_agent = excluded.user_agent
"""
LAST_USE = """
    UPDATE tokens_token SET last_used_at = %s, last_used_address = %s
    WHERE id = %s AND first_used_at IS NOT NULL AND last_used_at < %s
"""
LAST_WRITE = "UPDATE tokens_token SET last_written_at = %s WHERE id = %s"


def write(gathered: "Gathered") -> None:
    moment = connection.ops.adapt_datetimefield_value
    day = connection.ops.adapt_datefield_value
    days: dict[tuple[int, Any], list[int]] = {}
    for (token, date), calls in gathered.calls.items():
        days.setdefault((token, date), [0, 0])[0] += calls
    for (token, date, _), calls in gathered.refusals.items():
        days.setdefault((token, date), [0, 0])[1] += calls
    run(DAYS, ((token, day(date), *counts) for (token, date), counts in sorted(days.items())))
    refused = sorted(gathered.refusals.items())
    run(
        REFUSALS,
        (
            (token, day(date), code, calls, moment(at), address or None)
            for (token, date, code), calls in refused
            for at, address in [gathered.refused_last[token, date, code]]
        ),
    )
    visits = sorted(gathered.visits.items())
    run(
        ADDRESSES,
        ((token, address, visit.user_agent, visit.calls, moment(visit.last_at)) for (token, address), visit in visits),
    )
    used = sorted(gathered.used_last.items())
    run(LAST_USE, ((moment(at), address or None, token, moment(at)) for token, (at, address) in used))
    run(LAST_WRITE, ((moment(at), token) for token, at in sorted(gathered.written_last.items())))
    forget_old_addresses({token for token, _ in gathered.visits})


def run(sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    rows = list(rows)
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)


def forget_old_addresses(tokens: set[int]) -> None:
    rank = Window(RowNumber(), partition_by=F("token"), order_by=[F("last_at").desc(), F("pk").desc()])
    ranked = TokenAddress.objects.filter(token__in=tokens).annotate(rank=rank).filter(rank__gt=ADDRESSES_KEPT)
    old = list(ranked.values_list("pk", flat=True))
    if old:
        TokenAddress.objects.filter(pk__in=old).delete()
