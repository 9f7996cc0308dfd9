"""The parts that schemas are made of."""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from ninja import Field, Schema
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from accounts.validators import validate_plain_text
from tokens import networks
from tokens.api.errors import Unprocessable

DEFAULT_LIMIT = 50
MOST_AT_ONCE = 100

# RFC 3339, section 5.6, in capitals. What has no offset is nobody's moment.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


class Taken(Schema):
    """A body that a caller sends."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @property
    def given(self) -> dict[str, Any]:
        """What was sent, of a patch: the rest stays as it is."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class StrictQuery(Schema):
    """A query without words that nobody understands."""

    @model_validator(mode="before")
    @classmethod
    def refuse_unknown_words(cls, found: Any, info: ValidationInfo) -> Any:
        """Ninja hands on only what the schema names; a misspelled filter would show everything."""
        sent = info.context["request"].GET if info.context else {}
        for word in sent:
            if word not in cls.model_fields:
                raise Unprocessable(f"/{word[:60]}", "There is no such parameter.")
        return found


class Query(StrictQuery):
    """The query of a list."""

    after: str | None = Field(
        None, min_length=1, max_length=2000, description="The `next` of the page before this one."
    )
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MOST_AT_ONCE, description="How many a page holds at most.")


def plain_text(text: str) -> str:
    try:
        validate_plain_text(text)
    except ValidationError as error:
        raise ValueError(error.messages[0]) from None
    return text


def trimmed(text: str, *, least: int = 1) -> str:
    """Lengths hold for what was sent, as the description says; and for what is left of it."""
    text = text.strip()
    if len(text) < least:
        raise ValueError(f"Write at least {least} character{'' if least == 1 else 's'}.")
    return plain_text(text)


def moment(text: Any) -> datetime:
    if not isinstance(text, str) or not MOMENT.fullmatch(text):
        raise ValueError("Write a moment as RFC 3339 does, with an offset: 2030-01-31T12:00:00Z.")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such moment.") from None


def network(text: str) -> str:
    try:
        return networks.parse(text)
    except ValueError:
        raise ValueError(networks.reason(text)) from None


PlainText = Annotated[str, AfterValidator(plain_text)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(trimmed)]
PersonName = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(trimmed)]
Because = Annotated[str, StringConstraints(min_length=3, max_length=200), AfterValidator(partial(trimmed, least=3))]
Moment = Annotated[datetime, BeforeValidator(moment), WithJsonSchema({"type": "string", "format": "date-time"})]
IPRange = Annotated[str, StringConstraints(max_length=50), AfterValidator(network)]
