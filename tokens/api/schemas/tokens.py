from datetime import datetime
from typing import Annotated

from django.utils import timezone
from ninja import Field, Schema
from pydantic import StringConstraints

from tokens.api.schemas.parts import Because, IPRange, Moment, Name, PlainText, Query, Taken
from tokens.models import Hold, State
from tokens.networks import MOST_NETWORKS

LONGEST_OVERLAP = 7 * 24 * 3600
# PostgreSQL takes no NUL, not even to look for.
LicenseNumber = Annotated[PlainText, StringConstraints(max_length=40)]
Scope = Annotated[str, StringConstraints(max_length=50)]
Scopes = Annotated[
    list[Scope],
    Field(
        min_length=1,
        max_length=100,
        description="Permissions, written `resource:read` or `resource:write`; write includes read.",
        examples=[["account:read", "tokens:read"]],
    ),
]
Networks = Annotated[
    list[IPRange],
    Field(
        max_length=MOST_NETWORKS,
        description="Addresses and ranges that the token may be used from. None: from anywhere.",
        examples=[["203.0.113.0/24"]],
    ),
]


class TokenView(Schema):
    """A token. Its text is never given."""

    id: int = Field(examples=[41])
    name: str = Field(examples=["nightly-export"])
    hint: str = Field(description="The visible stub of the text.", examples=["trk_9fKd…Q2xA"])
    scopes: list[str] = Field(examples=[["account:read"]])
    license: str | None = Field(description="The number of the license; none for an account token.")
    organization: str | None = Field(description="The organization's name in addresses.", examples=["meridian"])
    state: State
    hold: Hold | None = Field(description="Who or what stopped it.")
    reason: str | None = Field(description="Why it was stopped, where somebody said so.")
    allowed_networks: list[str]
    revoke_on_sign_out: bool
    created_at: datetime
    expires_at: datetime | None
    stops_at: datetime | None = Field(description="The end of the overlap with its successor.")
    revoked_at: datetime | None
    first_used_at: datetime | None
    last_used_at: datetime | None = Field(description="Written every few seconds.")
    last_used_address: str | None


class IssuedToken(TokenView):
    """A new token with its text."""

    plaintext: str | None = Field(
        description="The secret text, shown this once. None where a request was sent again with its Idempotency-Key."
    )


class TokenPage(Schema):
    items: list[TokenView]
    next: str | None = Field(description="Send it as `after` to read on; none on the last page.")


class TokenQuery(Query):
    state: State | None = None
    license: LicenseNumber | None = Field(None, description="The number of a license.")


class TokenDraft(Taken):
    """A token to be issued. It may hold no more than the calling token does."""

    name: Name = Field(examples=["nightly-export"])
    scopes: Scopes
    expires_at: Moment | None = Field(
        None,
        description="None: it never expires. Left out: in 60 days, or as late as policy and calling token allow.",
        examples=["2031-01-31T23:59:59Z"],
    )
    allowed_networks: Networks = []
    revoke_on_sign_out: bool = False
    license: LicenseNumber | None = Field(
        None, description="The number of the license. Needed by an account token whose owner has several."
    )


class TokenPatch(Taken):
    """What may be changed of a token. What is left out stays."""

    name: Name = Field(default_factory=str, examples=["nightly-export"])
    scopes: Scopes = Field(default_factory=list)
    expires_at: Moment = Field(default_factory=timezone.now, description="It can only come nearer.")
    allowed_networks: Networks = Field(default_factory=list)
    revoke_on_sign_out: bool = Field(default_factory=bool)


class Rotation(Taken):
    """How long the old token works beside its successor."""

    overlap_seconds: int = Field(default=24 * 3600, ge=0, le=LONGEST_OVERLAP, description="0: it stops at once.")
    stops_on_use: bool = Field(default=False, description="Or as soon as the successor is used.")


class Reason(Taken):
    """Why somebody stops a token or lets it work again. Kept with the token and in the audit log."""

    reason: Because | None = Field(None, examples=["Left on a shared machine."])
