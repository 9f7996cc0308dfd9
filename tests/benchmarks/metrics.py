"""What a call costs more with metrics on: `python -m tests.benchmarks.metrics`. Needs no database."""

import sys
import tempfile
from timeit import repeat
from types import SimpleNamespace
from typing import Any

from config import metrics
from config.measuring import measured
from config.metrics import SIZE, Board

CALLS, ROUNDS = 100_000, 9
ANSWERS = {
    "let in": SimpleNamespace(status_code=200),
    "refused": SimpleNamespace(status_code=401, code="credential_invalid"),
}


def cost(answer: object) -> float:
    """In µs, the quickest of all rounds."""

    def bare(environ: dict[str, Any], start_response: Any) -> object:
        return answer

    calls = {"application": measured(bare, "/api/"), "environ": {"PATH_INFO": "/api/v1/me"}}
    on = min(repeat("application(environ, None)", number=CALLS, repeat=ROUNDS, globals=calls))
    off = min(repeat("application(environ, None)", number=CALLS, repeat=ROUNDS, globals=calls | {"application": bare}))
    return (on - off) / CALLS * 1e6


def main() -> None:
    with tempfile.TemporaryFile() as memory:
        memory.truncate(SIZE)
        metrics.board = Board(memory.fileno())
        for name, answer in ANSWERS.items():
            sys.stdout.write(f"{name}: {cost(answer):.1f} µs\n")


if __name__ == "__main__":
    main()
