"""What the API takes and gives."""

from datetime import datetime
from typing import Annotated

from django.core.exceptions import ValidationError
from ninja import Schema
from pydantic import AfterValidator, ConfigDict, StringConstraints

from accounts.validators import validate_plain_text


def plain_text(text: str) -> str:
    try:
        validate_plain_text(text)
    except ValidationError as error:
        raise ValueError(error.messages[0]) from None
    return text


class Me(Schema):
    """The person whom a token stands for."""

    id: int
    email: str
    name: str


class MePatch(Schema):
    """What may be changed of the person."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(plain_text)
    ]


class TokenSelf(Schema):
    """The token of the call itself. Its text is never given."""

    id: int
    name: str
    hint: str
    scopes: list[str]
    license: str | None
    organization: str | None
    state: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class Problem(Schema):
    """An error (RFC 9457). `code` names it for programs."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    scope: str | None = None
    rule: str | None = None
    errors: list[dict[str, str]] | None = None
