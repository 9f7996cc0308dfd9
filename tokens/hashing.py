"""What is stored of a token: HMAC-SHA-256(pepper, text), 32 bytes, and the number of the pepper.

Peppers are numbered in the setting TOKEN_PEPPERS. The highest number is used for new tokens, every one is tried
when a token is looked up. A keyed digest of 238 random bits needs no slow hash and no constant-time comparison.
"""

import functools
import hmac

from config.quick import settings


def newest_pepper() -> int:
    return max(settings.TOKEN_PEPPERS)


def digest(text: str, pepper: int) -> bytes:
    """32 bytes. KeyError for a pepper that the settings no longer hold."""
    return digest_of_bytes(text.encode("ascii"), pepper)


def digest_of_bytes(material: bytes, pepper: int) -> bytes:
    keyed = keyed_with(settings.TOKEN_PEPPERS[pepper]).copy()
    keyed.update(material)
    return keyed.digest()


@functools.lru_cache(maxsize=16)
def keyed_with(pepper: bytes) -> hmac.HMAC:
    """To be copied: half of the work is done before there is a text."""
    return hmac.new(pepper, digestmod="sha256")


def digests(text: str) -> list[bytes]:
    """One digest for each pepper, in the order of TOKEN_PEPPERS."""
    return [digest(text, pepper) for pepper in settings.TOKEN_PEPPERS]
