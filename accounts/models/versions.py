"""What stands in an ETag: another text after every change that somebody made."""

import hashlib


def version_of(*facts: object) -> str:
    """The facts in a fixed order; no text among them holds a NUL."""
    return hashlib.sha256("\0".join(map(str, facts)).encode()).hexdigest()[:32]
