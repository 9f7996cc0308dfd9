from typing import Annotated

from ninja import Field, Schema
from pydantic import ConfigDict

from tokens.api.organization.schemas.tokens import TokenWords
from tokens.api.schemas.parts import Because, Taken
from tokens.bulk import LONGEST_CHOICE

LONGEST_RUN = 20_000
Identifier = Annotated[int, Field(ge=1, lt=2**63)]


class TokenChoice(TokenWords):
    """Every token that matches; without a word, every one."""

    model_config = ConfigDict(extra="forbid")


class BulkRevocation(Taken):
    """Tokens to be revoked: by their ids, by a filter with the number that it is expected to choose, or further ones of
    a run that has begun.
    """

    ids: list[Identifier] | None = Field(None, min_length=1, max_length=LONGEST_CHOICE, examples=[[41, 42]])
    filter: TokenChoice | None = Field(None, examples=[{"used": "90"}])
    count: int | None = Field(None, ge=1, lt=2**31, description="Goes with `filter`: how many you expect.")
    run: str | None = Field(None, max_length=LONGEST_RUN, description="The `run` of the answer before, and no more.")
    reason: Because | None = Field(None, description="Kept with each token and in the audit log.")


class BulkProgress(Schema):
    """How far a run has come."""

    chosen: int = Field(description="How many tokens were to be revoked when it began.")
    revoked: int = Field(description="How many it has revoked so far.")
    left: int = Field(description="How many are still to be revoked.")
    run: str | None = Field(description="Send it to revoke further ones, within the hour; none when the run is over.")
    event: int | None = Field(description="Its event in the audit log; none where nothing was chosen.")
