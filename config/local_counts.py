"""Counts of one process.

Our own, for what libraries offer walks through all of its keys many times a second, which a flood from many addresses
makes expensive, and does not give a hit and what is left of its window at once.
"""

import threading
import time
from dataclasses import dataclass

Key = tuple[str, ...]


@dataclass(slots=True)
class Counted:
    """`is_own`: something of it was counted here alone."""

    count: int
    ends_at: float
    is_own: bool = False


class LocalCounts:
    """At most `most` windows. When they are too many, those that are over go first, then those that counted least.

    So whoever makes addresses up to wash a count away would have to fill each of them as far as that one.
    """

    def __init__(self, most: int = 100_000) -> None:
        self.most = most
        self.windows: dict[Key, Counted] = {}
        self.lock = threading.Lock()

    def spend(self, key: Key, seconds: int, amount: int) -> tuple[int, float]:
        """The count with this hit in it, and the seconds that are left of its window."""
        now = time.time()
        with self.lock:
            counted = self.living(key, now, seconds)
            if counted is None:
                if not amount:
                    return 0, 0.0
                counted = self.keep(key, Counted(0, now + seconds), now)
            counted.count += amount
            counted.is_own = True
            return counted.count, counted.ends_at - now

    def follow(self, key: Key, seconds: int, amount: int, shared: tuple[int, float]) -> tuple[int, float]:
        """What all processes counted together, kept here for when Redis goes away.

        What was counted here alone holds until its window is over: a Redis that came back has forgotten it.
        """
        count, left = shared
        now = time.time()
        with self.lock:
            counted = self.living(key, now, seconds)
            if counted and counted.is_own:
                counted.count += amount
                return max((counted.count, counted.ends_at - now), shared)
            if counted is None:
                if count:
                    self.keep(key, Counted(count, now + left), now)
            elif count > counted.count:
                counted.count = count
            return shared

    def living(self, key: Key, now: float, seconds: int) -> Counted | None:
        """None also where the clock was set back, and the end of the window would be too far away."""
        counted = self.windows.get(key)
        return counted if counted and now < counted.ends_at <= now + seconds else None

    def keep(self, key: Key, counted: Counted, now: float) -> Counted:
        if len(self.windows) >= self.most and key not in self.windows:
            self.make_room(now)
        self.windows[key] = counted
        return counted

    def make_room(self, now: float) -> None:
        living = [(key, counted) for key, counted in self.windows.items() if counted.ends_at > now]
        if len(living) > self.most // 2:
            living.sort(key=lambda pair: pair[1].count, reverse=True)
        self.windows = dict(living[: self.most // 2])

    def reset(self) -> None:
        with self.lock:
            self.windows.clear()
