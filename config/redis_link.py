"""Whether Redis is there. Nothing here is imported unless REDIS_URL is set.

A call that cannot ask Redis goes on without it: time-outs are short.
"""

from typing import Any

from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from config import link as servers

TIMEOUT_SECONDS = 0.1


class Link(servers.Link):
    errors = (RedisError, OSError)
    retry_seconds = 3.0
    lost = "Redis is away (%s): each process counts its rate limits alone."
    found = "Redis is back: rate limits are counted together again."


def connection_options() -> dict[str, Any]:
    """Trying again is the link's business. A retry of its own for each connection: redis-py keeps state in it."""
    return {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }


link = Link()
