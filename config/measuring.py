"""Around the whole application: each call's outcome and duration, for the metrics. Where they are off, nothing is."""

import sys
import time
from collections.abc import Callable
from typing import Any

from django.core.signals import got_request_exception
from django.db import Error

from config import metrics
from config.metrics import COLUMN_OF, DATABASE_FAILURES, LET_IN

Application = Callable[[dict[str, Any], Any], Any]


def measured(application: Application, prefix: str) -> Application:
    """The WSGI application with its calls counted; itself where metrics are off."""
    board = metrics.board
    if board is None:
        return application

    def measure(environ: dict[str, Any], start_response: Any) -> Any:
        begun = time.perf_counter()
        response = application(environ, start_response)
        if environ["PATH_INFO"].startswith(prefix):
            board.count_call(outcome_of(response), time.perf_counter() - begun)
        return response

    got_request_exception.connect(note_exception)
    return measure


def outcome_of(response: Any) -> str:
    """`code` is what `tokens.problems` put there."""
    status = response.status_code
    if status < 400:
        return LET_IN
    code = getattr(response, "code", "")
    if code in COLUMN_OF:
        return str(code)
    known = f"status_{status}"
    return known if known in COLUMN_OF else f"status_{status // 100}00"


def note_exception(**kwargs: Any) -> None:
    """A page or a call broke; whether the database did is what is counted."""
    if metrics.board and isinstance(sys.exc_info()[1], Error):
        metrics.board.count(DATABASE_FAILURES)
