"""`python -m tests.benchmarks [SIZE …]`: measures on SQLite and PostgreSQL, and writes docs/benchmarks.md."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.page import Measured, page
from tests.server.postgresql import PostgreSQL

PAGE = Path(__file__).parent.parent.parent / "docs" / "benchmarks.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 100_000, 1_000_000], help="tokens of ours")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--page", type=Path, default=PAGE)
    chosen = parser.parse_args()
    command = " ".join(["python -m tests.benchmarks", *sys.argv[1:]]) if sys.argv[1:] else "make bench"
    found = []
    for name in chosen.databases:
        found.append(DATABASES[name](sorted(chosen.sizes), chosen.rounds))
        chosen.page.write_text(page(found, chosen.rounds, command))


def on_sqlite(sizes: list[int], rounds: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        return measured(f"sqlite:///{folder}/bench.sqlite3", sizes, rounds)


def on_postgresql(sizes: list[int], rounds: int) -> Measured:
    server = PostgreSQL()
    try:
        server.start()
        return measured(server.url, sizes, rounds)
    finally:
        server.remove()


def measured(url: str, sizes: list[int], rounds: int) -> Measured:
    """In a process of its own: Django binds one database to a process."""
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
    command = [sys.executable, "-m", "tests.benchmarks.one_database", str(rounds), *map(str, sizes)]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: Measured = json.loads(done.stdout)
    return found


DATABASES = {"sqlite": on_sqlite, "postgresql": on_postgresql}

if __name__ == "__main__":
    main()
