"""What tokens were used for: gathered in memory, never on the path of a request, written every few seconds.

A thread of each process writes what has gathered; so does the process when it ends in order (SIGTERM, recycling).
`kill -9` loses the counters of the last USAGE_FLUSH_SECONDS and nothing else. What cannot be written is kept for later.
"""

import atexit
import logging
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from django.db import Error, connection, transaction

from config import metrics
from config.quick import settings
from tokens import ledger_sql
from tokens.models import Token

logger = logging.getLogger(__name__)

MOST_GATHERED = 100_000
READING = {"GET", "HEAD", "OPTIONS"}


@dataclass(slots=True)
class Visit:
    """Calls from one address: how many, when the last, by which program."""

    calls: int = 0
    last_at: datetime | None = None
    user_agent: str = ""


@dataclass(slots=True)
class Gathered:
    """What one process has seen since it last wrote."""

    calls: Counter[tuple[int, date]] = field(default_factory=Counter)
    refusals: Counter[tuple[int, date, str]] = field(default_factory=Counter)
    refused_last: dict[tuple[int, date, str], tuple[datetime, str]] = field(default_factory=dict)
    visits: dict[tuple[int, str], Visit] = field(default_factory=dict)
    used_last: dict[int, tuple[datetime, str]] = field(default_factory=dict)
    written_last: dict[int, datetime] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.calls or self.refusals)

    def absorb(self, later: "Gathered") -> None:
        """Take back what could not be written, with what has come since."""
        self.calls.update(later.calls)
        self.refusals.update(later.refusals)
        self.refused_last |= later.refused_last
        self.used_last |= later.used_last
        self.written_last |= later.written_last
        for key, visit in later.visits.items():
            known = self.visits.setdefault(key, Visit())
            known.calls += visit.calls
            known.last_at, known.user_agent = visit.last_at, visit.user_agent


class Ledger:
    def __init__(self) -> None:
        self.gathered = Gathered()
        self.lock = threading.Lock()
        self.writing = threading.Lock()
        self.thread: threading.Thread | None = None

    def note_call(self, token: Token, *, now: datetime, address: str, user_agent: str, method: str) -> None:
        with self.lock:
            self.gathered.calls[token.pk, now.astimezone(UTC).date()] += 1
            self.gathered.used_last[token.pk] = (now, address)
            if address:
                visit = self.gathered.visits.setdefault((token.pk, address), Visit())
                visit.calls += 1
                visit.last_at, visit.user_agent = now, user_agent
            if method not in READING:
                self.gathered.written_last[token.pk] = now
        self.start()

    def note_refusal(self, token: Token, code: str, *, now: datetime, address: str) -> None:
        key = (token.pk, now.astimezone(UTC).date(), code)
        with self.lock:
            self.gathered.refusals[key] += 1
            self.gathered.refused_last[key] = (now, address)
        self.start()

    def start(self) -> None:
        """The writing thread belongs to the process that counts, so it begins with the first call after a fork."""
        if self.thread is None and settings.USAGE_FLUSH_SECONDS:
            with self.lock:
                if self.thread is None:
                    self.thread = threading.Thread(target=self.run, name="usage-ledger", daemon=True)
                    self.thread.start()

    def run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(settings.USAGE_FLUSH_SECONDS)
            try:
                metrics.note_turn(is_written=self.flush(), waiting=self.waiting())
                connection.close_if_unusable_or_obsolete()
            except Exception:  # whatever it was, the next turn counts as well
                logger.exception("A turn of the usage ledger failed.")

    def waiting(self) -> int:
        with self.lock:
            return self.gathered.calls.total() + self.gathered.refusals.total()

    def flush(self) -> bool:
        """Write what has gathered, in one transaction. Safe to call at any time and from any thread.

        False where it could not be written and waits.
        """
        with self.writing:
            with self.lock:
                gathered, self.gathered = self.gathered, Gathered()
            if not gathered:
                return True
            try:
                with transaction.atomic():
                    ledger_sql.write(gathered)
            except Error as error:
                logger.warning("Usage could not be written and is kept for the next turn: %s", type(error).__name__)
                self.keep(gathered)
                return False
        from tokens import alerts  # alerts send letters, which a process that only counts never does

        alerts.look_at(gathered)
        return True

    def keep(self, gathered: Gathered) -> None:
        with self.lock:
            gathered.absorb(self.gathered)
            if len(gathered.visits) > MOST_GATHERED:
                gathered.visits.clear()
                logger.warning("Too many addresses wait to be written: they are dropped, the counts stay.")
            self.gathered = gathered


ledger = Ledger()
atexit.register(ledger.flush)
