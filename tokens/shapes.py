"""Texts of other systems that were taken over: what they look like, and what is stored of them.

16 to 500 visible ASCII characters, no comma (a header with one holds two credentials), and not our own prefix. What is
stored is a digest as of our own texts. Where the other system kept SHA-512 of a text, there is no more to digest than
that: HMAC-SHA-256(pepper, "sha512" + 00 + 64 bytes). No text holds a NUL, so whoever stole those hashes cannot call
with one as if it were the text.
"""

import hashlib
import re
from dataclasses import dataclass

from django.conf import settings

from tokens import format, hashing

SHORTEST, LONGEST = 16, 500
VISIBLE = re.compile(rf"[!-+\--~]{{{SHORTEST},{LONGEST}}}")
HEXADECIMAL = re.compile(r"[0-9a-f]+")
NAME = re.compile(r"(sha512-)?(hex|text)-([0-9]+)")
FEWEST_DIFFERENT = 6
LONG_ENOUGH_TO_SHOW_EIGHT = 40


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of texts that were taken over together. Its name is what is stored: `hex-40`, `sha512-hex-64`."""

    is_hashed: bool
    is_hex: bool
    length: int

    @classmethod
    def named(cls, name: str) -> "Shape":
        match = NAME.fullmatch(name)
        if match is None:
            raise ValueError(name)
        return cls(is_hashed=bool(match[1]), is_hex=match[2] == "hex", length=int(match[3]))

    @property
    def name(self) -> str:
        return f"{'sha512-' if self.is_hashed else ''}{'hex' if self.is_hex else 'text'}-{self.length}"

    def fits(self, text: str) -> bool:
        return len(text) == self.length and (not self.is_hex or HEXADECIMAL.fullmatch(text) is not None)


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """What another system holds of a token: `material` is its text, or the 64 bytes of SHA-512 of it."""

    shape: Shape
    material: bytes
    hint: str

    def __repr__(self) -> str:
        return f"<Secret {self.hint}>"

    def digest(self, pepper: int) -> bytes:
        return digest(self.material, pepper, is_hashed=self.shape.is_hashed)

    def digests(self) -> list[bytes]:
        return [self.digest(pepper) for pepper in settings.TOKEN_PEPPERS]


def secret_of_text(text: str) -> Secret:
    """Raises ValueError with the reason, which does not repeat the text."""
    if fault := fault_of(text):
        raise ValueError(fault)
    shape = Shape(is_hashed=False, is_hex=is_hexadecimal(text), length=len(text))
    return Secret(shape, text.encode("ascii"), hint(text))


def secret_of_hash(sha512: str, *, length: int, is_hex: bool, hint: str = "") -> Secret:
    """`sha512` in hexadecimal digits, `length` of the text that nobody has. Raises ValueError with the reason."""
    if not re.fullmatch(r"[0-9A-Fa-f]{128}", sha512):
        raise ValueError("it is no SHA-512, which has 128 hexadecimal digits")
    if not SHORTEST <= length <= LONGEST:
        raise ValueError(f"its text would have to be {SHORTEST} to {LONGEST} characters long")
    shown = hint or f"sha512:{sha512[:4]}…{sha512[-4:]}".lower()
    return Secret(Shape(is_hashed=True, is_hex=is_hex, length=length), bytes.fromhex(sha512), shown)


def fault_of(text: str) -> str:
    """Why a text cannot be taken over; "" where it can."""
    if not SHORTEST <= len(text) <= LONGEST:
        return f"its text has to be {SHORTEST} to {LONGEST} characters long"
    if not VISIBLE.fullmatch(text):
        return "its text holds something else than visible ASCII characters, or a comma"
    if len(set(text)) < FEWEST_DIFFERENT:
        return "its text is easily guessed"
    if text.startswith(settings.TOKEN_PREFIX) and not format.is_well_formed(text, settings.TOKEN_PREFIX):
        return f"its text begins with {settings.TOKEN_PREFIX}, and is no token of this installation"
    return ""


def is_foreign(text: str) -> bool:
    """Whether it could have been taken over at all. What begins like our own and is none was mistyped."""
    return VISIBLE.fullmatch(text) is not None and not text.startswith(settings.TOKEN_PREFIX)


def is_hexadecimal(text: str) -> bool:
    return HEXADECIMAL.fullmatch(text) is not None


def digest(material: bytes, pepper: int, *, is_hashed: bool) -> bytes:
    """32 bytes. Of a text the same that `hashing` makes of our own."""
    return hashing.digest_of_bytes(b"sha512\0" + material if is_hashed else material, pepper)


def digest_of_text(text: str, pepper: int, *, is_hashed: bool) -> bytes:
    material = text.encode("ascii")
    return digest(hashlib.sha512(material).digest() if is_hashed else material, pepper, is_hashed=is_hashed)


def hint(text: str) -> str:
    """`4abc…b214`, and of a short text less: at least three quarters of it stay unseen."""
    shown = format.HINT_HEAD if len(text) >= LONG_ENOUGH_TO_SHOW_EIGHT else format.HINT_HEAD // 2
    return f"{text[:shown]}…{text[-shown:]}"
