"""The log: on stderr, each line with the request that it belongs to, as text or as JSON (LOG_FORMAT).

Nothing that is logged breaks a call, names a secret or fills a disk, whatever callers do.
"""

import json
import logging
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from logging import LogRecord
from threading import Lock
from typing import Any

from config.redaction import without_secrets

NOBODYS = "-"
current_request_id: ContextVar[str] = ContextVar("current_request_id", default=NOBODYS)

MOST_ALIKE = 20
WINDOW_SECONDS = 60.0


def configuration(form: str, level: str) -> dict[str, Any]:
    """As `logging.config.dictConfig` reads it. gunicorn's own lines go the same way."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"thinned": {"()": Thinned}},
        "formatters": {
            "line": {"()": Line, "format": "%(asctime)s %(levelname)s %(request_id)s %(name)s: %(message)s"},
            "json": {"()": JsonLine},
        },
        "handlers": {"stderr": {"class": "config.logs.Stderr", "formatter": form, "filters": ["thinned"]}},
        "loggers": {
            # Or every refused call and every missing page were a line: whoever calls could fill the disk.
            "django.request": {"level": "NOTSET" if level == "DEBUG" else "ERROR"},
            "gunicorn.error": {"handlers": [], "propagate": True},
        },
        "root": {"handlers": ["stderr"], "level": level},
    }


class Stderr(logging.StreamHandler):
    """A line that cannot be written, on a full disk for instance, is lost.

    The standard handler would print the record instead, with all that is in it.
    """

    def handleError(self, record: LogRecord) -> None:  # noqa: N802 - the name is the library's
        pass


class Thinned(logging.Filter):
    """Lets MOST_ALIKE lines of one kind through in a minute; the next minute's first says how many were left out.

    A kind is a place in the code that logs, with the place that raised: there are only so many, whatever callers send.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()
        self.seen: dict[tuple[Any, ...], tuple[float, int]] = {}

    def filter(self, record: LogRecord) -> bool:
        kind, now = kind_of(record), time.monotonic()
        with self.lock:
            since, count = self.seen.get(kind, (now, 0))
            is_over = now - since >= WINDOW_SECONDS
            self.seen[kind] = (now, 1) if is_over else (since, count + 1)
        record.left_out = max(0, count - MOST_ALIKE) if is_over else 0
        return is_over or count < MOST_ALIKE


def kind_of(record: LogRecord) -> tuple[Any, ...]:
    place = (record.name, record.levelno, record.pathname, record.lineno)
    if not record.exc_info:
        return place
    raised, _, traceback = record.exc_info
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    return (*place, raised, traceback and (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))


class Line(logging.Formatter):
    def format(self, record: LogRecord) -> str:
        record.request_id = current_request_id.get()
        left_out = getattr(record, "left_out", 0)
        return without_secrets(super().format(record)) + (f" ({left_out} more like it left out)" if left_out else "")


class JsonLine(logging.Formatter):
    """`time` is RFC 3339 in UTC. `exception` and `left_out` are there where there is one."""

    def format(self, record: LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            "request_id": None if (number := current_request_id.get()) == NOBODYS else number,
        }
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        if left_out := getattr(record, "left_out", 0):
            line["left_out"] = left_out
        return json.dumps(line)
