"""The one counter behind every rate limit."""

import math
import time

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

limiter = FixedWindowRateLimiter(MemoryStorage())


def seconds_left(item: RateLimitItem, *key: str) -> int:
    """Until the window of a limit that is used up ends: for Retry-After (RFC 9110, section 10.2.3)."""
    return max(1, math.ceil(limiter.get_window_stats(item, *key).reset_time - time.time()))
