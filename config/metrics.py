"""What Prometheus may ask (METRICS_BIND): calls by outcome and duration, and whether what is counted gets written.

Each worker counts in a row of its own of one piece of memory, which all processes share; a small process beside them
reads it (`config.metrics_server`). Whoever takes over a row counts on from what stands in it, so no counter ever falls.
"""

import mmap
import time
from bisect import bisect_left
from collections.abc import Sequence
from threading import Lock

from tokens import refusals
from tokens.refusals import Refusal

ROWS = 256
LET_IN = "let_in"
REFUSED = sorted(refusal.code for refusal in vars(refusals).values() if isinstance(refusal, Refusal))
# Every other answer counts by its status alone: its code is the endpoint's business.
STATUSES = (400, 403, 404, 405, 409, 411, 412, 413, 414, 415, 422, 428, 431, 500, 503)
OUTCOMES = (LET_IN, *REFUSED, *(f"status_{status}" for status in STATUSES))
EDGES = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

FIRST_BUCKET = len(OUTCOMES)
SECONDS = FIRST_BUCKET + len(EDGES) + 1
DATABASE_FAILURES = SECONDS + 1
BACKLOG = DATABASE_FAILURES + 1
WRITTEN_AT = BACKLOG + 1
COLUMNS = WRITTEN_AT + 1
SIZE = ROWS * COLUMNS * 8

COLUMN_OF = {outcome: column for column, outcome in enumerate(OUTCOMES)}


class Board:
    """The shared memory: doubles, a row for each process. `row` is where this one counts."""

    def __init__(self, file: int) -> None:
        self.cells: memoryview[float] = memoryview(mmap.mmap(file, SIZE)).cast("d")
        self.lock = Lock()
        self.start = 0

    def take(self, row: int) -> None:
        """Go on with a row that nobody counts in. What its last owner had not written went with it."""
        self.start = row * COLUMNS
        self.set(BACKLOG, 0)
        self.set(WRITTEN_AT, 0)

    def count_call(self, outcome: str, seconds: float) -> None:
        start, cells = self.start, self.cells
        with self.lock:
            cells[start + COLUMN_OF[outcome]] += 1
            cells[start + FIRST_BUCKET + bisect_left(EDGES, seconds)] += 1
            cells[start + SECONDS] += seconds

    def count(self, column: int) -> None:
        with self.lock:
            self.cells[self.start + column] += 1

    def set(self, column: int, value: float) -> None:
        self.cells[self.start + column] = value

    def rows(self) -> list[Sequence[float]]:
        values: Sequence[float] = self.cells.tolist()
        return [values[start : start + COLUMNS] for start in range(0, len(values), COLUMNS)]


board: Board | None = None


def note_turn(*, is_written: bool, waiting: int) -> None:
    """A turn of the usage ledger is over, and so many calls and refusals wait for the next one."""
    if board is None:
        return
    board.set(BACKLOG, waiting)
    if is_written:
        board.set(WRITTEN_AT, time.time())
    else:
        board.count(DATABASE_FAILURES)
