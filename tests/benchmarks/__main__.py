"""`python -m tests.benchmarks [SIZE …]`: fills a database, measures, and writes docs/benchmarks.md.

The database is SQLite in a folder of its own, or what DATABASE_URL names, which has to be empty.
"""

import argparse
import logging
import os
import platform
import statistics
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "benchmarks.md"
PACKAGES = ("django", "django-ninja", "djangorestframework", "django-rest-knox")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 100_000], help="tokens of each kind")
    parser.add_argument("--rounds", type=int, default=25)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
        PAGE.write_text(measured(chosen.sizes, chosen.rounds))


def measured(sizes: list[int], rounds: int) -> str:
    import django

    django.setup()
    logging.disable(logging.CRITICAL)

    from django.core.management import call_command
    from django.db import connection

    from tests.benchmarks import in_process, stage

    call_command("migrate", verbosity=0)
    tables = []
    for size in sorted(sizes):
        found = in_process.run(stage.fill(size), rounds=rounds)
        limit, drf = found[0], next(each for each in found if each.name.startswith("DRF"))
        rows = []
        for each in found:
            ratios = f"{in_process.ratio(each, limit):.2f} | {in_process.ratio(each, drf):.2f}"
            rows.append(f"| {each.name} | {each.queries} | {statistics.median(each.micros):.0f} | {ratios} |")
        head = ["| | queries | µs | to the limit | to DRF |", "|---|---|---|---|---|"]
        tables.append("\n".join([f"### {size:,} tokens of each kind", "", *head, *rows]))
    return page(connection.vendor, rounds, tables)


def page(vendor: str, rounds: int, tables: list[str]) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}, {vendor}"
    return f"""\
# Benchmarks

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {machine};
{versions}.
Only ratios hold from machine to machine: medians over {rounds} rounds in which all take turns, in processor time.

*The limit* is a bare Django view that runs one indexed SELECT joined to the user, behind no middleware at all, as all
peers are. Tokenrack answers `GET /api/v1/me` behind its whole stack, with policy, addresses, rate limit and usage.

## A call in process

{(chr(10) * 2).join(tables)}
"""


if __name__ == "__main__":
    main()
