from typing import Annotated

from ninja import Field, Schema

from tokens.api.organization.schemas.parts import OneOf, Person, choices_of
from tokens.api.schemas.parts import Because, PlainText, Query, Taken
from tokens.api.schemas.tokens import TokenView
from tokens.filters import LONGEST_SEARCH, TokenFilter, scope_choices
from tokens.models import Block, State


class GovernedToken(TokenView):
    """A token on a license of the organization. Its text is never given."""

    owner: Person
    stopped_by: str | None = Field(
        description="Who or what stopped it, in words.", examples=["Bob Reyes, an administrator"]
    )
    rule: Block | None = Field(description="The rule of the policy that keeps it from working.")


class IssuedGovernedToken(GovernedToken):
    """A new token with its text."""

    plaintext: str | None = Field(
        description="The secret text, shown this once. None where a request was sent again with its Idempotency-Key."
    )


class GovernedTokenPage(Schema):
    items: list[GovernedToken]
    next: str | None = Field(description="Send it as `after` to read on; none on the last page.")


class TokenWords(Schema):
    """What chooses among the tokens of an organization."""

    q: PlainText | None = Field(
        None,
        max_length=LONGEST_SEARCH,
        pattern=r"\S",
        description="What a word of a name, a hint, a person or a license begins with; or an address it was used from.",
    )
    state: State | None = None
    age: Annotated[str, choices_of(TokenFilter, "age")] | None = Field(
        None, description="Made within so many days, or longer ago than that."
    )
    used: Annotated[str, choices_of(TokenFilter, "used")] | None = Field(
        None, description="Not used for so many days, or never."
    )
    scope: Annotated[str, OneOf(scope for scope, _ in scope_choices())] | None = Field(
        None, description="Holds at least this permission."
    )
    needs: Annotated[str, choices_of(TokenFilter, "needs")] | None = Field(
        None, description="Needs attention, for this reason."
    )
    license: PlainText | None = Field(None, max_length=40, description="The number of a license.")


class GovernedTokenQuery(TokenWords, Query):
    sort: Annotated[str, choices_of(TokenFilter, "sort")] | None = Field(
        None,
        description="By name, by last use (latest first), or by expiry (soonest first); else newest first, and what "
        "has expired by expiry (latest first).",
    )


class GivenReason(Taken):
    """Why an administrator lets a token work again. Kept in the audit log."""

    reason: Because = Field(examples=["The machine was found."])
