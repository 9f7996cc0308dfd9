"""The one counter behind every rate limit: in Redis where REDIS_URL names one, in this process without it.

Windows are fixed and begin with their first hit. Losing Redis loosens nothing and stops nobody: each process goes on
from the counts it last heard of, alone.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings

from config.local_counts import LocalCounts

if TYPE_CHECKING:
    from config.shared_counts import SharedCounts


MINUTE = 60
HOUR = 60 * MINUTE


class Rate(NamedTuple):
    """How many there may be in so many seconds."""

    amount: int
    seconds: int


class Window(NamedTuple):
    """What a hit found: how many there may be, how many there were with it, and when the count begins anew."""

    limit: int
    used: int
    ends_in: float

    @property
    def is_kept(self) -> bool:
        return self.used <= self.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def seconds_left(self) -> int:
        """For Retry-After (RFC 9110, section 10.2.3)."""
        return max(1, math.ceil(self.ends_in))


class Limiter:
    def __init__(self, shared: "SharedCounts | None" = None) -> None:
        self.local = LocalCounts()
        self.shared = shared

    def spend(self, rate: Rate, *key: str, amount: int = 1) -> Window:
        """Count a hit, and say at once what is left."""
        seconds = rate.seconds
        shared = self.shared.spend(key, seconds, amount) if self.shared else None
        if shared is None:
            return Window(rate.amount, *self.local.spend(key, seconds, amount))
        return Window(rate.amount, *self.local.follow(key, seconds, amount, shared))

    def look(self, rate: Rate, *key: str) -> Window:
        return self.spend(rate, *key, amount=0)

    def hit(self, rate: Rate, *key: str) -> bool:
        """Count, and say whether the limit is kept."""
        return self.spend(rate, *key).is_kept

    def test(self, rate: Rate, *key: str) -> bool:
        """Whether another hit would be within the limit. Counts nothing."""
        return self.look(rate, *key).remaining > 0

    def reset(self) -> None:
        self.local.reset()
        if self.shared:
            self.shared.reset()


def seconds_left(rate: Rate, *key: str) -> int:
    """Until the window of a limit that is used up ends."""
    return limiter.look(rate, *key).seconds_left


def made_for(url: str) -> Limiter:
    if not url:
        return Limiter()
    from config.redis_link import link
    from config.shared_counts import SharedCounts

    return Limiter(SharedCounts(url, link))


limiter = made_for(settings.REDIS_URL)
