"""What is stored of a token: HMAC-SHA-256(pepper, text), 32 bytes, and the number of the pepper.

Peppers are numbered in the setting TOKEN_PEPPERS. The highest number is used for new tokens, every one is tried
when a token is looked up. A keyed digest of 238 random bits needs no slow hash and no constant-time comparison.
"""

import hmac

from django.conf import settings


def newest_pepper() -> int:
    return max(settings.TOKEN_PEPPERS)


def digest(text: str, pepper: int) -> bytes:
    """32 bytes. KeyError for a pepper that the settings no longer hold."""
    return hmac.digest(settings.TOKEN_PEPPERS[pepper], text.encode("ascii"), "sha256")


def digests(text: str) -> list[bytes]:
    """One digest for each pepper, in the order of TOKEN_PEPPERS."""
    return [digest(text, pepper) for pepper in settings.TOKEN_PEPPERS]
