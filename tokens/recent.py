"""A memory of what this process met lately. It forgets, and never holds the text of a token."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """At most `most` entries: two halves, of which the older is dropped as a whole when the newer is full.

    No clock and no lock: what it has forgotten is asked about once more, and nothing worse.
    """

    def __init__(self, most: int) -> None:
        self.half = most // 2
        self.newer: dict[Key, Value] = {}
        self.older: dict[Key, Value] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self.newer or key in self.older

    def __len__(self) -> int:
        return len(self.newer | self.older)

    def __setitem__(self, key: Key, value: Value) -> None:
        if len(self.newer) >= self.half and key not in self.newer:
            self.older, self.newer = self.newer, {}
        self.newer[key] = value

    def get(self, key: Key) -> Value | None:
        """What is asked for is met again."""
        found = self.newer.get(key)
        if found is None and (found := self.older.get(key)) is not None:
            self[key] = found
        return found

    def reset(self) -> None:
        self.newer, self.older = {}, {}
