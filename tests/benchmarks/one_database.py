"""`python -m tests.benchmarks.one_database ROUNDS SIZE …`: all measurements on one database (DATABASE_URL), as JSON."""

import json
import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any


def main(rounds: int, sizes: list[int]) -> None:
    import django

    django.setup()
    logging.disable(logging.CRITICAL)

    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    found = [measured(size, rounds) for size in sizes]
    told = {"vendor": connection.vendor, "version": version_of(connection), "sizes": found}
    json.dump(told, sys.stdout)


def measured(size: int, rounds: int) -> dict[str, Any]:
    from tests.benchmarks import acts, in_process, lists, memory, over_http, stage, usage
    from tests.benchmarks.contenders import contenders

    def told(text: str) -> None:
        sys.stderr.write(f"{size:,} tokens: {text}\n")

    told("filling")
    texts = stage.fill(size)
    told("in process")
    in_process.run(called := contenders(texts), rounds=rounds)
    told("over HTTP")
    served = [contender for contender in contenders(texts) if not contender.is_met_anew]  # a server forgets nothing
    over_http.run(served, rounds=(rounds + 1) // 2)
    told("pages, acts, memory")
    return {
        "tokens": size,
        "in_process": [asdict(contender) for contender in called],
        "over_http": [asdict(contender) for contender in served],
        "lists": [asdict(page) for page in lists.run()],
        "memory": memory.run(texts),
        "usage": usage.run(texts),
        "acts": acts.run(),
    }


def version_of(connection: Any) -> str:
    if connection.vendor == "sqlite":
        return f"SQLite {'.'.join(map(str, connection.Database.sqlite_version_info))}"
    return f"PostgreSQL {connection.pg_version // 10_000}"


if __name__ == "__main__":
    assert Path("manage.py").exists(), "Run it from the project's folder."
    main(int(sys.argv[1]), [int(text) for text in sys.argv[2:]])
