"""Whether Redis is there. Nothing here is imported unless REDIS_URL is set.

A call that cannot ask Redis goes on without it: time-outs are short, and while Redis is away only one call every few
seconds tries again. All others are told at once.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

RETRY_SECONDS = 3.0
TIMEOUT_SECONDS = 0.1


class Away(Exception):
    """Redis did not answer, or is not asked again yet."""


class Link:
    """One for each process. What it asks of Redis takes no longer than the time-outs, and raises nothing but Away."""

    def __init__(self) -> None:
        self.is_away = False
        self.retry_at = 0.0
        self.lock = threading.Lock()

    def ask(self, question: Callable[..., Answer], *args: Any, **kwargs: Any) -> Answer:
        if self.is_away and not self.is_my_turn():
            raise Away
        try:
            answer = question(*args, **kwargs)
        except (RedisError, OSError) as error:
            self.lose(error)
            raise Away from None
        if self.is_away:
            self.find()
        return answer

    def is_my_turn(self) -> bool:
        with self.lock:
            now = time.monotonic()
            if now < self.retry_at:
                return False
            self.retry_at = now + RETRY_SECONDS
            return True

    def lose(self, error: Exception) -> None:
        """The text of the error stays out of the log: what Redis says may repeat what it was sent."""
        with self.lock:
            self.retry_at = time.monotonic() + RETRY_SECONDS
            is_news, self.is_away = not self.is_away, True
        if is_news:
            logger.error("Redis is away (%s): each process counts its rate limits alone.", type(error).__name__)

    def find(self) -> None:
        with self.lock:
            is_news, self.is_away = self.is_away, False
        if is_news:
            logger.warning("Redis is back: rate limits are counted together again.")


def connection_options() -> dict[str, Any]:
    """Trying again is the link's business. A retry of its own for each connection: redis-py keeps state in it."""
    return {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }


link = Link()
