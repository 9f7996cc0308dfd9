"""Whether a server that we lean on is there: it is lost and found once, and said once.

While it is away only one caller every few seconds tries again. All others are told at once.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Away(Exception):
    """The server did not answer, or is not asked again yet. Its cause is what the driver said, if it was asked."""


class Link:
    """One for each process and server. What it asks raises nothing but Away, where `errors` say so."""

    errors: ClassVar[tuple[type[Exception], ...]]
    retry_seconds: ClassVar[float]
    lost: ClassVar[str]
    found: ClassVar[str]

    def __init__(self) -> None:
        self.is_away = False
        self.retry_at = 0.0
        self.lock = threading.Lock()

    def ask(self, question: Callable[..., Answer], *args: Any, **kwargs: Any) -> Answer:
        is_trial = self.is_away
        if is_trial and not self.is_my_turn():
            raise Away
        try:
            answer = question(*args, **kwargs)
        except self.errors as error:
            self.lose(error)
            raise Away from error
        if is_trial:  # and no late answer to what was asked before it went
            self.find()
        return answer

    def is_my_turn(self) -> bool:
        with self.lock:
            now = time.monotonic()
            if now < self.retry_at:
                return False
            self.retry_at = now + self.retry_seconds
            return True

    def lose(self, error: Exception) -> None:
        """The text of the error stays out of the log: what a server says may repeat what it was sent."""
        with self.lock:
            self.retry_at = time.monotonic() + self.retry_seconds
            is_news, self.is_away = not self.is_away, True
        if is_news:
            logger.error(self.lost, type(error).__name__)

    def find(self) -> None:
        with self.lock:
            is_news, self.is_away = self.is_away, False
        if is_news:
            logger.warning(self.found)
