from typing import Annotated

from ninja import Field, Schema
from pydantic import StringConstraints

from tokens.api.schemas.parts import Taken
from tokens.leaks import LONGEST_TEXT

MOST_TEXTS = 1000


class LeakReport(Taken):
    """Texts that were found where they should not be."""

    tokens: list[Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]] = Field(
        max_length=MOST_TEXTS, description="Tokens, or the lines that hold them.", examples=[["trk_…", "trk_…"]]
    )


class Heard(Schema):
    """Says nothing: whether a text is a token is nobody's business."""
