"""Who was let in once is let in again without being asked everything, until the row changes or time does.

Whatever decides about a token stands in the row of its look-up, in the caller's address and on the clock.
"""

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokens.models import Token

MOST_ADDRESSES = 16


class Clearances:
    """Of one row: from which addresses it was found good, when, and up to which moment that holds."""

    __slots__ = ("spans",)

    def __init__(self) -> None:
        self.spans: dict[str, tuple[datetime, datetime | None]] = {}

    def hold(self, address: str, now: datetime) -> bool:
        """Not where the clock was set back: then there are moments to come that were over."""
        span = self.spans.get(address)
        return span is not None and span[0] <= now and (span[1] is None or now < span[1])

    def add(self, token: "Token", address: str, now: datetime) -> None:
        if len(self.spans) >= MOST_ADDRESSES:
            self.spans.clear()
        self.spans[address] = now, next_turn(token, now)


def next_turn(token: "Token", now: datetime) -> datetime | None:
    """The first moment from which the token may stand otherwise though nobody changes anything; None: there is none."""
    moments = [token.expires_at, token.stops_at, token.owner_seat_ends_at]
    if token.license:
        moments.append(token.license.valid_until)
    if token.policy:
        moments.append(token.policy.idle_from(token))
    return min((moment for moment in moments if moment and moment > now), default=None)
