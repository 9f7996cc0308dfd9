"""What is read of another system, one token a time."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tokens.shapes import Secret

LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Arrival:
    """A token as another system has it. `place` says where it stands there; an empty `name` or `scope` is filled in.

    `is_stopped`: the other system refuses it too.
    """

    place: str
    secret: Secret
    email: str = ""
    name: str = ""
    scope: tuple[str, ...] = ()
    created_at: datetime | None = None
    expires_at: datetime | None = None
    license_number: str = ""
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where no token could be read, and why. Never a text."""

    place: str
    reason: str
    email: str = ""


class Fate(Enum):
    IMPORTED = "imported"
    THERE = "there already"
    LEFT_OUT = "left out"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of them, in words that follow its fate."""

    fate: Fate
    place: str
    email: str
    hint: str
    words: str = ""

    def __str__(self) -> str:
        what = ", ".join(filter(None, [self.place, self.hint, printable(self.email)]))
        return f"{what}: {self.fate.value}{f', {self.words}' if self.words else ''}"


def printable(text: str) -> str:
    """What stands in a foreign table must not write to the operator's terminal."""
    return "".join(character if character.isprintable() else "�" for character in text[:LONGEST_SHOWN])
