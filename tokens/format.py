"""The text of a token: `trk_`, 40 characters base62 from `secrets` (238 bits), 6 characters base62 CRC-32 of them all.

A double click selects the whole text, one pattern finds it in a repository, and a mistyped one is refused
without a query.
"""

import re
import secrets
import string
import zlib
from typing import Any

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_LENGTH = 40
CHECKSUM_LENGTH = 6
HINT_HEAD = 4
HINT_TAIL = 4


class Plaintext(str):
    """The secret text of a token. Its repr is redacted, so that it does not end up in a traceback or a log."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Plaintext {hint(self)}>"

    def __reduce__(self) -> Any:
        raise TypeError("A plaintext is never pickled.")


def generate(prefix: str) -> Plaintext:
    body = prefix + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return Plaintext(body + checksum(body))


def checksum(body: str) -> str:
    """CRC-32 of the ASCII text as 6 characters base62, most significant first (62**6 exceeds 2**32)."""
    number = zlib.crc32(body.encode("ascii"))
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def is_well_formed(text: str, prefix: str) -> bool:
    """Whether the text has our shape and its checksum is right. Says nothing about whether such a token exists."""
    if len(text) != len(prefix) + RANDOM_LENGTH + CHECKSUM_LENGTH or not text.startswith(prefix) or not text.isascii():
        return False
    body = text[:-CHECKSUM_LENGTH]
    return text[len(prefix) :].isalnum() and checksum(body) == text[-CHECKSUM_LENGTH:]


def hint(text: str) -> str:
    """`trk_9fKd…Q2xA`: enough to tell tokens apart, 8 of 46 characters."""
    head = text.find("_") + 1 + HINT_HEAD
    return f"{text[:head]}…{text[-HINT_TAIL:]}"


def pattern(prefix: str) -> str:
    """A regular expression (RE2 syntax) that finds every token and little else.

    It may begin in the middle of a word: in `"\\ntrk_…"`, as logs in JSON have it, a letter stands before.
    """
    return rf"{re.escape(prefix)}[0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}}\b"
