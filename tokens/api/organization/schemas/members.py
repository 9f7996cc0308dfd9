from datetime import datetime
from typing import Annotated

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from ninja import Field, Schema
from pydantic import AfterValidator, StringConstraints, WithJsonSchema

from accounts.models import MOST_HOOKS, Role
from tokens.api.organization.schemas.parts import Person, choices_of
from tokens.api.schemas.parts import Moment, Name, PersonName, PlainText, Query, Taken
from tokens.filters import LONGEST_SEARCH, MemberFilter


def mailbox(text: str) -> str:
    text = text.strip()
    try:
        validate_email(text)
    except ValidationError:
        raise ValueError("This is not an e-mail address. Write it like ada@example.org.") from None
    return text


EMail = Annotated[
    str,
    StringConstraints(max_length=254),
    AfterValidator(mailbox),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]
Hooks = Annotated[int, Field(ge=0, le=MOST_HOOKS, description="How many tokens may hang on the license at a time.")]
# Strict as all that is taken, but for words: JSON has no other way to say one of ours.
RoleWord = Annotated[Role, Field(strict=False, description="An administrator governs every token and member.")]


class MemberView(Schema):
    """A license, and who holds it."""

    id: int
    number: str = Field(examples=["ME-20419"])
    name: str = Field(description="What the license is called.", examples=["Studio"])
    person: Person
    role: Role
    allowance: int = Field(description="How many tokens may hang on it.")
    used: int = Field(description="How many hang on it.")
    is_in_force: bool = Field(description="Whether license and person are switched on and the license has not ended.")
    valid_until: datetime | None
    deactivated_at: datetime | None
    withdrawn_at: datetime | None = Field(description="Of a former member, since when.")
    created_at: datetime


class MemberPage(Schema):
    items: list[MemberView]
    next: str | None = Field(description="Send it as `after` to read on; none on the last page.")


class MemberQuery(Query):
    q: PlainText | None = Field(
        None,
        max_length=LONGEST_SEARCH,
        pattern=r"\S",
        description="What a word of the person's name or address begins with, or of the license's name or number.",
    )
    role: Role | None = None
    kind: Annotated[str, choices_of(MemberFilter, "kind")] | None = None
    status: Annotated[str, choices_of(MemberFilter, "status")] | None = Field(
        None, description="Former members are shown to whoever asks for them."
    )


class MemberPatch(Taken):
    """What may be changed of a license. What is left out stays."""

    name: Name = Field(default_factory=str, examples=["Studio"])
    role: RoleWord = Role.MEMBER
    allowance: Hooks = 0
    valid_until: Moment | None = Field(None, description="None: no end.")


class ServiceAccountDraft(Taken):
    """An account of the organization's own: nobody signs in with it."""

    name: PersonName = Field(examples=["Nightly backups"])


class InvitationDraft(Taken):
    """Who may join, and as what."""

    email: EMail = Field(examples=["erin@example.org"])
    role: RoleWord = Role.MEMBER
    license_name: Name = Field(description="What their license will be called.", examples=["Fieldwork"])
    allowance: Hooks = Field(default_factory=lambda: settings.TOKEN_ALLOWANCE)
    valid_until: Moment | None = Field(None, description="The end of their license; none for no end.")


class InvitationView(Schema):
    """An invitation that was neither accepted nor withdrawn."""

    id: int
    email: str
    role: Role
    license_name: str
    allowance: int
    valid_until: datetime | None
    invited_by: str
    created_at: datetime
    sent_at: datetime | None = Field(description="None where the letter did not leave: resend it.")
    expires_at: datetime
    is_open: bool = Field(description="Whether its link works: not expired, and its sender still administers.")


class InvitationPage(Schema):
    items: list[InvitationView]
    next: str | None = Field(description="Send it as `after` to read on; none on the last page.")
