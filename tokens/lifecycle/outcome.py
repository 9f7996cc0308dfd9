"""What an act gives back, and how it says no."""

from dataclasses import dataclass

from tokens.format import Plaintext
from tokens.models import Token


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token and its text, which exists nowhere else."""

    token: Token
    plaintext: Plaintext


class ActRefused(Exception):
    """The act is not allowed. The text says why, for people; `field` names the input that it is about, if one is.

    `code` is the word for programs.
    """

    def __init__(self, reason: str, *, field: str | None = None, code: str = "act_refused") -> None:
        super().__init__(reason)
        self.field = field
        self.code = code


class AlreadyDone(ActRefused):
    """The same form was sent before. Its token stands; its text is not shown again."""

    def __init__(self, token: Token) -> None:
        super().__init__("This was done already.", code="done_already")
        self.token = token


class TooOften(ActRefused):
    """The same person did it too many times; `retry_after` seconds later they may again."""

    def __init__(self, reason: str, *, retry_after: int) -> None:
        super().__init__(reason, code="rate_limited")
        self.retry_after = retry_after
