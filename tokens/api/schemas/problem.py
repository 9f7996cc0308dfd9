from ninja import Field, Schema


class Fault(Schema):
    """What is wrong with one part of the request."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into what was sent.", examples=["/scopes/0"])
    detail: str = Field(examples=["There is no permission account:delete."])


class Problem(Schema):
    """An error (RFC 9457). `code` names it for programs."""

    type: str = Field(examples=["about:blank"])
    title: str
    status: int
    code: str
    detail: str | None = None
    error: str | None = Field(None, description="For clients of OAuth: RFC 6749, section 5.2; RFC 6750, section 3.1.")
    scope: str | None = Field(None, description="The permission that would do.")
    rule: str | None = Field(None, description="The rule of the organization's policy that is not kept.")
    count: int | None = Field(None, description="How many there are, where another number was expected.")
    errors: list[Fault] | None = None
