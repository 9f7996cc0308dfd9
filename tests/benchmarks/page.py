"""docs/benchmarks.md from what was measured."""

import os
import platform
import statistics
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from tests.benchmarks.names import DRF, LIMIT, MOST_OF_PEERS, OURS

PACKAGES = (
    "django",
    "django-ninja",
    "gunicorn",
    "psycopg",
    "djangorestframework",
    "django-rest-knox",
    "djangorestframework-api-key",
    "django-oauth-toolkit",
)

Measured = dict[str, Any]


def page(databases: list[Measured], rounds: int, command: str) -> str:
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}"
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    parts = [f"## {found['version']}\n\n{database(found)}" for found in databases]
    return f"""\
# Benchmarks

Written by `{command}` on {datetime.now(UTC):%Y-%m-%d}: {machine};
{versions}.
Only ratios hold from machine to machine. They are medians over {rounds} rounds, half as many over
HTTP, in which all take turns; each round compares with the limit and with DRF of the same round.

*The limit* is a bare Django view that runs one prepared, indexed SELECT joined to the user. It and all peers stand
behind no middleware. Tokenrack answers `GET /api/v1/me` behind its whole stack, with policy, addresses, allowance, rate
limit and usage. In process: processor time of a call through the WSGI application. Over HTTP: calls a second that wrk
gets from gunicorn with one worker of eight threads, load and server on the same machine. Peers hold as many tokens as
we do, up to {MOST_OF_PEERS:,}. A key of djangorestframework-api-key belongs to nobody, so that it looks up no user.
Both databases have statistics of their tables (ANALYZE), which SQLite does not gather by itself.

What a good call costs besides: Tokenrack reads some fifty columns of five tables instead of four of two, counts the
call twice, for its limit and for its usage, and says in fifteen headers how it went; the rest is Ninja's view and the
answer. What it earns back: Django tells its signals nothing of a call, PostgreSQL is asked through libpq itself, SQLite
for the row as one text, and a row that has not changed since a worker last read it is not made into a token again, nor
asked again what neither its row nor the clock has changed. A worker keeps 2,000 rows. Here one token calls all the
time; what the first call after a change costs, or that of a token that was forgotten, is the line *not met lately*.

{(chr(10) * 2).join(parts)}
"""


def database(found: Measured) -> str:
    sizes = found["sizes"]
    parts = [growth(sizes)]
    parts += [size(each) for each in sizes]
    return "\n\n".join(parts)


def growth(sizes: list[Measured]) -> str:
    """Our good call at each size, to the limit and to our own at the smallest."""
    rows = []
    for each in sizes:
        ours, limit = named(each["in_process"], OURS), named(each["in_process"], LIMIT)
        first = named(sizes[0]["in_process"], OURS)
        grown = statistics.median(ours["measured"]) / statistics.median(first["measured"])
        rows.append([f"{each['tokens']:,}", f"{ratio(ours, limit):.2f}", f"{grown:.2f}"])
    return table(["tokens", "a good call, to the limit", f"to {sizes[0]['tokens']:,} tokens"], rows)


def size(found: Measured) -> str:
    parts = [
        f"### {found['tokens']:,} tokens",
        calls("In process, µs", found["in_process"], "lower is better"),
        calls("Over HTTP, calls a second", found["over_http"], "higher is better"),
        table(
            ["Pages, all tokens in one organization", "queries", "ms"],
            [[each["name"], str(each["queries"]), f"{each['millis']:.0f}"] for each in found["lists"]],
        ),
        table(["Acts, one thread", "a second"], [[name, f"{rate:.0f}"] for name, rate in found["acts"].items()]),
        table(
            ["Usage, one token on eight connections", ""],
            [[name, str(value)] for name, value in found["usage"].items()],
        ),
        table(["A worker", ""], [[name, str(value)] for name, value in found["memory"].items()]),
    ]
    return "\n\n".join(parts)


def figures(title: str, found: dict[str, float]) -> str:
    return table([title, ""], [[name, str(value)] for name, value in found.items()])


def calls(title: str, field: list[Measured], direction: str) -> str:
    limit, drf = named(field, LIMIT), named(field, DRF)
    is_counted = any(each["queries"] for each in field)
    rows = [
        [
            each["name"],
            *([str(each["queries"])] if is_counted else []),
            f"{statistics.median(each['measured']):.0f}",
            f"{ratio(each, limit):.2f}",
            f"{ratio(each, drf):.2f}",
        ]
        for each in field
    ]
    head = [f"{title} ({direction})", *(["queries"] if is_counted else []), "median", "to the limit", "to DRF"]
    return table(head, rows)


def named(field: list[Measured], name: str) -> Measured:
    return next(each for each in field if each["name"] == name)


def ratio(one: Measured, other: Measured) -> float:
    pairs = zip(one["measured"], other["measured"], strict=True)
    return statistics.median(mine / theirs for mine, theirs in pairs)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
