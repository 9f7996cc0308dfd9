"""The application with each call's outcome and duration counted, for the metrics."""

import sys
import time
from typing import Any

from django.core.signals import got_request_exception
from django.db import Error
from django.http import HttpRequest

from config import metrics
from config.application import Application
from config.metrics import COLUMN_OF, DATABASE_FAILURES, LET_IN, Board


def made_application() -> Application:
    """Where metrics are off, nothing is counted."""
    return Application() if metrics.board is None else MeasuredApplication(metrics.board)


class MeasuredApplication(Application):
    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board
        got_request_exception.connect(note_exception)

    def respond(self, request: HttpRequest) -> Any:
        begun = time.perf_counter()
        response = super().respond(request)
        self.board.count_call(outcome_of(response), time.perf_counter() - begun)
        return response


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
