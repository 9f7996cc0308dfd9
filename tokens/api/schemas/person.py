from ninja import Field, Schema

from tokens.api.schemas.parts import PersonName, Taken


class Me(Schema):
    """The person whom a token stands for."""

    id: int = Field(examples=[3])
    email: str = Field(description="Empty for a service account.", examples=["ada@meridian.example"])
    name: str = Field(examples=["Ada Lindqvist"])


class MePatch(Taken):
    """What may be changed of the person."""

    name: PersonName = Field(examples=["Ada Lindqvist"])
