from ninja import Field, Schema
from pydantic import ConfigDict


class OAuthForm(Schema):
    """What RFC 7662 and RFC 7009 send. Names that nobody knows are passed over, as they ask."""

    model_config = ConfigDict(json_schema_extra={"required": ["token"]})

    token: str = Field(default_factory=str, description="The text of the token.", json_schema_extra={"minLength": 1})
    token_type_hint: str = Field("", description="Not needed: every token is looked for in one place.")


class IntrospectionForm(OAuthForm):
    address: str = Field(
        "",
        description="Where your caller comes from. Without it a token that is bound to addresses is not active.",
        examples=["203.0.113.7"],
        json_schema_extra={"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}, {"maxLength": 0}]},
    )


class Introspection(Schema):
    """RFC 7662, section 2.2. Of a token that is not active nothing else is said."""

    active: bool
    scope: str = Field("", description="What it may do, without what a policy withholds.", examples=["reports:read"])
    username: str = Field("", description="The owner's e-mail address, or a service account's name.")
    token_type: str = Field("", examples=["Bearer"])
    exp: int = Field(0, description="When it ends. Left out where it does not.", examples=[1924991999])
    iat: int = Field(0, description="When it was issued.")
    sub: str = Field("", description="The owner, by a number that stays.", examples=["3"])
    iss: str = Field("", examples=["https://tokens.example.org"])
    jti: str = Field("", description="The token, by its number.", examples=["41"])
    organization: str = Field("", description="The organization in which it counts; an extension.")
