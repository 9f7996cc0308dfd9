"""Which tokens this process met lately, by digest. A memory that forgets, and never holds a text."""


class Recent:
    """At most `most` digests: two halves, of which the older is dropped as a whole when the newer is full.

    No clock and no lock: what it has forgotten is asked about once more, and nothing worse.
    """

    def __init__(self, most: int) -> None:
        self.half = most // 2
        self.newer: set[bytes] = set()
        self.older: set[bytes] = set()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self.newer or digest in self.older

    def __len__(self) -> int:
        return len(self.newer | self.older)

    def add(self, digest: bytes) -> None:
        if digest in self.newer:
            return
        if len(self.newer) >= self.half:
            self.older, self.newer = self.newer, set()
        self.newer.add(digest)

    def reset(self) -> None:
        self.newer, self.older = set(), set()
