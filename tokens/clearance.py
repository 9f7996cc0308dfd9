"""Who was let in once is let in again without being asked everything, until the row changes or time does.

Whatever decides about a token stands in the row of its look-up, in the caller's address and on the clock.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokens.models import Token

MOST_ADDRESSES = 16
FOR_GOOD = datetime.max.replace(tzinfo=UTC)


class Clearances:
    """Of one row: from which addresses it was found good, and up to which moment that holds.

    Time alone makes no good token out of another one, so it holds too where the clock is set back.
    """

    __slots__ = ("ends",)

    def __init__(self) -> None:
        self.ends: dict[str, datetime] = {}

    def hold(self, address: str, now: datetime) -> bool:
        end = self.ends.get(address)
        return end is not None and now < end

    def add(self, token: "Token", address: str, now: datetime) -> None:
        if len(self.ends) >= MOST_ADDRESSES:
            self.ends.clear()
        self.ends[address] = next_turn(token, now)


def next_turn(token: "Token", now: datetime) -> datetime:
    """The first moment from which the token may stand otherwise though nobody changes anything."""
    moments = [token.expires_at, token.stops_at, token.owner_seat_ends_at]
    if license := token.license:
        moments.append(license.valid_until)
    if policy := token.policy:
        moments.append(policy.idle_from(token))
    return min((moment for moment in moments if moment and moment > now), default=FOR_GOOD)
