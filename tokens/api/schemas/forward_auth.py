from typing import Literal

from ninja import Field, Schema


class ForwardAuthQuery(Schema):
    """What the configuration of a proxy says. What it misspells lets nobody through."""

    resource: str | None = Field(
        None,
        max_length=30,
        description="Reading methods need to read it, others to write it.",
        examples=["account"],
    )
    scope: str | None = Field(
        None, max_length=50, description="Needed whatever the method. `any`: any good token.", examples=["account:read"]
    )
    organization: str | None = Field(
        None, min_length=1, max_length=60, description="Only tokens that count there.", examples=["meridian"]
    )
    method: Literal["own"] | None = Field(None, description="`own`: the proxy asks by the method of the call.")
    status: Literal["200", "204"] = Field("204", description="How to say yes. Envoy understands 200 alone.")
