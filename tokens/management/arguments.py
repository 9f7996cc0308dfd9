"""What the commands of operators read from the command line. Every mistake is one sentence."""

import os
import re
from argparse import ArgumentTypeError
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import License, Organization, User
from accounts.validators import validate_plain_text
from config.environment import Environment, SettingError
from tokens import scopes
from tokens.forms.expiry import end_of_day, fault_of_day

MOST_DAYS = 36500
NO_FILE = Path(os.devnull)


def days(text: str) -> timedelta:
    """`90d`, or 90."""
    match = re.fullmatch(r"([0-9]{1,5})d?", text)
    if match is None or int(match[1]) > MOST_DAYS:
        raise ArgumentTypeError(f"{text!r} is no number of days, such as 90d")
    return timedelta(days=int(match[1]))


def last_day(text: str) -> date | None:
    """`30d`, a date, or `never`: the last day on which a token works."""
    if text == "never":
        return None
    try:
        found = timezone.localdate() + days(text) if re.fullmatch(r"[0-9]+d?", text) else date.fromisoformat(text)
    except (ValueError, ArgumentTypeError):
        raise ArgumentTypeError(f"{text!r} is neither a number of days such as 30d, nor a date, nor never") from None
    if fault := fault_of_day(found):
        raise ArgumentTypeError(fault)
    return found


def end_of(day: date | None, person: User | None = None) -> datetime | None:
    """By the clock of the person, as on the pages; without one by that of this site."""
    if day is None:
        return None
    with timezone.override((person and person.time_zone) or settings.TIME_ZONE):
        return end_of_day(day)


def name(text: str) -> str:
    return plain(text.strip(), at_least=1, at_most=60, what="name")


def reason(text: str) -> str:
    return plain(text.strip(), at_least=3, at_most=200, what="reason")


def plain(text: str, *, at_least: int, at_most: int, what: str) -> str:
    try:
        validate_plain_text(text)
    except ValidationError as error:
        raise ArgumentTypeError(error.messages[0]) from None
    if not at_least <= len(text) <= at_most:
        raise ArgumentTypeError(f"a {what} has {at_least} to {at_most} characters")
    return text


def scope(text: str) -> str:
    if not scopes.is_scope(text):
        known = ", ".join(f"{resource.name}:read" for resource in scopes.resources())
        raise ArgumentTypeError(f"there is no permission {text!r}. There are {known}, and the same with :write")
    return text


def database(text: str) -> dict[str, Any]:
    """A URL, or the name of an environment variable that holds one, so that no password stands in the process list."""
    name = "The address of the source"
    if re.fullmatch(r"[A-Z_][A-Z0-9_]*", text):
        name, text = text, os.environ.get(text, "")
        if not text:
            raise ArgumentTypeError(f"the environment has no {name}")
    try:
        return dict(Environment(NO_FILE).url_of_service(name, text, "db"))
    except SettingError as error:
        raise ArgumentTypeError(str(error)) from None


def organization(slug: str) -> Organization:
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no organization {slug!r}.")
    return found


def person(email: str) -> User:
    found = User.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise CommandError(f"Nobody has the address {email}.")
    return found


def license_numbered(number: str) -> License:
    found = License.objects.select_related("user", "organization").filter(number=number).first()
    if found is None:
        raise CommandError(f"There is no license {number!r}.")
    return found
