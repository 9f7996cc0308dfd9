from typing import Annotated

from ninja import Field, Schema
from pydantic import AfterValidator, StringConstraints

from tokens.api.schemas.parts import Taken, plain_text


class Me(Schema):
    """The person whom a token stands for."""

    id: int = Field(examples=[3])
    email: str = Field(description="Empty for a service account.", examples=["ada@meridian.example"])
    name: str = Field(examples=["Ada Lindqvist"])


class MePatch(Taken):
    """What may be changed of the person."""

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(plain_text)
    ] = Field(examples=["Ada Lindqvist"])
