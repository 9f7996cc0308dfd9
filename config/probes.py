"""What load balancers ask: `/healthz`, whether the process is alive, and `/readyz`, whether it can do its work.

They ask by address, over plain http, every few seconds. So no name, no session and no redirect comes into it, and the
log has one line for each change.
"""

import functools
import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse

from tokens import protocol
from tokens.problems import problem

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0
LOOKS_EVERY_SECONDS = 1.0
RETRY_AFTER_SECONDS = 5

READY = ""
AWAY = "database_away"
BEHIND = "migrations_missing"
TITLES = {AWAY: "The database does not answer.", BEHIND: "The database is not up to date."}


def answer(request: HttpRequest) -> HttpResponse | None:
    """None for every other address."""
    probe = PROBES.get(request.path_info)
    if probe is None:
        return None
    if request.method not in {"GET", "HEAD"}:
        response: HttpResponse = problem(405, "method_not_allowed", "Method Not Allowed.")
        response.headers["Allow"] = "GET, HEAD"
    else:
        response = probe()
    response._has_been_logged = True  # type: ignore[attr-defined]  # or Django logs each that says no
    return protocol.complete(request, response)


def alive() -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def ready() -> HttpResponse:
    fault = readiness.fault()
    if not fault:
        return alive()
    response = problem(503, fault, TITLES[fault])
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


class Readiness:
    """Looks at most once a second, however many ask, and in a thread of its own: a database that hangs hangs that one
    thread, and everybody who asks is told after PATIENCE_SECONDS.
    """

    def __init__(self, look: Callable[[], str]) -> None:
        self.look = look
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        self.is_over.set()
        self.found, self.cause = READY, ""
        self.next_at = 0.0
        self.told = READY

    def fault(self) -> str:
        with self.lock:
            if self.is_over.is_set() and time.monotonic() >= self.next_at:
                self.is_over.clear()
                threading.Thread(target=self.run, name="readiness", daemon=True).start()
        return self.tell(self.found if self.is_over.wait(PATIENCE_SECONDS) else AWAY)

    def run(self) -> None:
        found, cause = AWAY, ""
        try:
            with closing(connection):
                found = self.look()
        except Error as error:
            cause = type(error).__name__
        finally:
            self.found, self.cause = found, cause
            self.next_at = time.monotonic() + LOOKS_EVERY_SECONDS
            self.is_over.set()

    def tell(self, fault: str) -> str:
        with self.lock:
            is_news, self.told = fault != self.told, fault
        if is_news and fault:
            logger.error("Not ready, %s: %s", fault, self.cause or TITLES[fault])
        elif is_news:
            logger.warning("Ready again.")
        return fault


def look() -> str:
    """The newest migration of each app stands for those before it."""
    applied = MigrationRecorder(connection).applied_migrations()
    return READY if newest_migrations() <= applied.keys() else BEHIND


@functools.cache
def newest_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


readiness = Readiness(look)
PROBES = {"/healthz": alive, "/readyz": ready}
