"""Counts that all processes share, in Redis or Valkey."""

from typing import cast

from redis import Redis

from config.link import Away, Link
from config.redis_link import connection_options

PREFIX = "tokenrack:"

# KEYS[1]: the window. ARGV: how much to spend, 0 for only looking; how long a window lasts, in milliseconds.
# Gives the count and the milliseconds that are left.
COUNT = """
if ARGV[1] == '0' and redis.call('EXISTS', KEYS[1]) == 0 then
  return {0, 0}
end
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  left = tonumber(ARGV[2])
end
return {count, left}
"""


class SharedCounts:
    def __init__(self, url: str, link: Link) -> None:
        self.link = link
        self.redis = Redis.from_url(url, **connection_options())
        self.script = self.redis.register_script(COUNT)

    def spend(self, key: tuple[str, ...], seconds: int, amount: int) -> tuple[int, float] | None:
        """The count with this hit in it, and the seconds that are left of its window. None while Redis is away."""
        name = f"{PREFIX}{'/'.join(key)}/{seconds}"
        try:
            answer = self.link.ask(self.script, [name], [amount, seconds * 1000])
        except Away:
            return None
        count, left = cast(tuple[int, int], answer)
        return count, left / 1000

    def reset(self) -> None:
        for key in self.redis.scan_iter(PREFIX + "*"):
            self.redis.delete(key)
