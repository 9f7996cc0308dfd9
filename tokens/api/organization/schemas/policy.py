from datetime import datetime
from typing import Annotated

from ninja import Field, Schema

from tokens.api.schemas.parts import Taken
from tokens.api.schemas.tokens import Networks, Scope
from tokens.forms.policy import LONGEST_IDLE_DAYS, LONGEST_LIFETIME_DAYS

Withheld = Annotated[
    list[Scope],
    Field(
        max_length=100,
        description="Permissions that members may not grant. Who withholds reading withholds writing.",
        examples=[["organization:read"]],
    ),
]


class PolicyView(Schema):
    """The rules for every token on the organization's licenses."""

    lifetime_days: int | None = Field(description="The longest time between creation and expiry; none: any.")
    requires_expiry: bool
    allowed_networks: list[str] = Field(description="Where calls may come from; none: from anywhere.")
    revokes_on_sign_out: bool
    requires_second_factor: bool
    idle_days: int | None = Field(description="A token not used for so long is blocked; none: never.")
    withheld_scopes: list[str] = Field(description="Permissions that members may not grant.")
    requires_approval: bool
    changed_at: datetime | None
    changed_by: str | None


class PolicyPatch(Taken):
    """Rules to be set. What is left out stays."""

    lifetime_days: Annotated[int, Field(ge=1, le=LONGEST_LIFETIME_DAYS)] | None = None
    requires_expiry: bool = False
    allowed_networks: Networks = Field(default_factory=list)
    revokes_on_sign_out: bool = False
    requires_second_factor: bool = Field(False, description="Only who has a second factor may ask it of others.")
    idle_days: Annotated[int, Field(ge=1, le=LONGEST_IDLE_DAYS)] | None = None
    withheld_scopes: Withheld = Field(default_factory=list)
    requires_approval: bool = False


class EffectView(Schema):
    """What a change of rules would do to tokens that live now. Counted, not guessed."""

    blocked: int = Field(description="How many would stop working, or would wait for approval.")
    names: list[str] = Field(description="The first of their names.")
    freed: int = Field(description="How many would work again.")
    elsewhere: int = Field(description="How many were last used from an address that would be refused.")
    narrowed: int = Field(description="How many hold a permission that would be withheld.")
