from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import WithJsonSchema

from tokens import feed
from tokens.api.organization.schemas.parts import OneOf
from tokens.api.schemas.parts import Moment, PlainText, Query, StrictQuery
from tokens.filters import LONGEST_SEARCH

# As it is signed: text, because a moment would lose its microseconds on the way.
SignedMoment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class AuditEventView(Schema):
    """One event, with the same names and values as a line of the export; docs/audit-log.md says how it is signed."""

    position: int = Field(description="Its place in the chain of the organization: 1, 2, 3, …")
    occurred_at: SignedMoment
    action: str = Field(examples=["token.revoked"])
    actor: str | None = Field(description="The address of who acted; none for the system.")
    subject: str | None
    token_id: int | None
    token_name: str
    token_hint: str
    address: str | None
    user_agent: str
    details: dict[str, Any] = Field(description="`through` is the hint of the token by which a script acted.")
    is_copy: bool = Field(description="The same act is told in the chain of another organization too.")
    id: int
    actor_id: int | None
    subject_id: int | None
    organization_id: int
    key: int
    mac: str = Field(description="HMAC-SHA-256, in hexadecimal digits.")


class AuditPage(Schema):
    items: list[AuditEventView]
    next: str | None = Field(description="Send it as `after` to read on; none on the last page.")


class AuditWords(Schema):
    """What chooses among events."""

    q: PlainText | None = Field(
        None,
        max_length=LONGEST_SEARCH,
        pattern=r"\S",
        description="What a word of a token or a person begins with, or an address.",
    )
    action: Annotated[str, OneOf(feed.SENTENCES)] | None = None
    since: Moment | None = Field(None, description="From this moment on.")
    until: Moment | None = Field(None, description="Before this moment.")


class AuditQuery(AuditWords, Query):
    pass


class AuditExportQuery(AuditWords, StrictQuery):
    pass
