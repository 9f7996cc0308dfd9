"""Which events of the audit log are shown or exported, and how an export is written."""

import csv
import datetime as dt
import functools
import json
import operator
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils import timezone

from accounts import chain
from accounts.models import AuditEvent, Organization, User
from config.choice import Choice, Range
from config.keyset import Order
from tokens import feed, format
from tokens.filters import Filter
from tokens.models import search

# The order of the columns in an export. All but actor, subject and mac are signed, under these names.
COLUMNS = [
    "position",
    "occurred_at",
    "action",
    "actor",
    "subject",
    "token_id",
    "token_name",
    "token_hint",
    "address",
    "user_agent",
    "details",
    "is_copy",
    "id",
    "actor_id",
    "subject_id",
    "organization_id",
    "key",
    "mac",
]


# How many rows an export reads at a time.
EVENTS_AT_ONCE = 500


# By time, as it stands in the list and is asked for.
ORDER = Order("occurred_at", within="organization_id")


class Day(forms.DateField):
    """A day that has a beginning and an end in every time zone."""

    default_validators = [MinValueValidator(dt.date(1970, 1, 2)), MaxValueValidator(dt.date(9999, 12, 30))]

    def __init__(self) -> None:
        attributes = {"type": "date", "class": "input", "data-fit": True}
        super().__init__(required=False, widget=forms.DateInput(attributes, format="%Y-%m-%d"))


class AuditFilter(Filter):
    action = forms.ChoiceField(
        required=False,
        choices=[("", "Any action"), *feed.ACTION_CHOICES],
        widget=forms.Select({"class": "input", "data-fit": True, "aria-label": "Action"}),
    )
    since = Day()
    until = Day()

    def choice(self, organization: Organization) -> Choice:
        """Days are those of the reader's clock, both of them included."""
        zone = timezone.get_current_timezone()
        since, until = self.value("since"), self.value("until")
        return functools.reduce(
            operator.and_,
            [
                search.of_events(self.value("q"), organization),
                Choice([Range("audit_action", Q(action=action))]) if (action := self.value("action")) else Choice(),
                occurred(
                    gte=since and dt.datetime.combine(since, dt.time.min, zone),
                    lte=until and dt.datetime.combine(until, dt.time.max, zone),
                ),
            ],
        )

    @property
    def in_words(self) -> dict[str, str]:
        """What the log keeps of it. Whoever looked for a token by its whole text is not quoted."""
        words = {name: str(self.value(name)) for name in self.fields if self.value(name)}
        return {name: re.sub(r"\w{20,}", lambda text: format.hint(text[0]), said) for name, said in words.items()}

    @property
    def query(self) -> str:
        """The same filter in an address, without the page."""
        return urlencode({name: self.data[name] for name in self.fields if self.data.get(name)})


def occurred(**bounds: dt.datetime | None) -> Choice:
    """By lookup, such as `gte`."""
    given = {f"occurred_at__{lookup}": moment for lookup, moment in bounds.items() if moment}
    return Choice([Range("audit_occurred", Q(**given))]) if given else Choice()


def described(event: AuditEvent) -> dict[str, Any]:
    facts = chain.columns_of(event) | {
        "actor": named(event.actor),
        "subject": named(event.subject),
        "mac": bytes(event.mac),
    }
    return {column: facts[column] for column in COLUMNS}


def named(person: User | None) -> str | None:
    if person is None:
        return None
    return person.display_name if person.is_closed else person.email


def as_json_lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    """One object a line. Values are those of the canonical form in accounts/chain.py."""
    for event in events:
        yield json.dumps(described(event), default=chain.in_words) + "\n"


class Echo:
    """A file that hands back what is written into it."""

    def write(self, line: str) -> str:
        return line


def as_csv(events: Iterable[AuditEvent]) -> Iterator[str]:
    """RFC 4180, with a line of names."""
    writer = csv.writer(Echo())
    yield writer.writerow(COLUMNS)
    for event in events:
        yield writer.writerow([defused(in_cell(value)) for value in described(event).values()])


def in_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value if isinstance(value, str | int) else chain.in_words(value))


def defused(text: str) -> str:
    """A spreadsheet would run a field that begins like a formula; names and programs are chosen by strangers.

    Some part fields at semicolons or tabs, and read the wide forms of a sign as the sign.
    """
    return "".join(f"'{part}" if is_live(part) else part for part in re.split(r"(?<=[;\t])", text))


def is_live(part: str) -> bool:
    """Whether a cell that begins so is more than text."""
    begins_formula = unicodedata.normalize("NFKC", part[:1]).startswith(("=", "+", "-", "@"))
    return begins_formula or unicodedata.category(part[:1] or "a") == "Cc"


WRITERS = {"csv": ("text/csv; charset=utf-8", as_csv), "jsonl": ("application/jsonl", as_json_lines)}
