"""An expiry date is the last day on which a token works, by the clock of whoever chose it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import License
from tests.calls import call, outcome
from tests.conftest import signed_in
from tests.factories import issue
from tokens.forms import TokenEditForm, TokenForm, end_of_day
from tokens.models import Token

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def filled_in(license: License, now: datetime, zone: str = "UTC", **choices: str) -> TokenForm:
    """The form of a person in a time zone, checked at a moment."""
    data = {"name": "nightly-export", "license": license.pk, "scope_account": "read"} | choices
    with time_machine.travel(now, tick=False), timezone.override(ZoneInfo(zone)):
        form = TokenForm(data, actor=Actor(license.user), licenses=License.objects.all())
        form.is_valid()
    return form


@pytest.mark.parametrize(
    ("choice", "expires_at"),
    [
        ("7", "2026-03-09T23:59:59"),
        ("30", "2026-04-01T23:59:59"),
        ("60", "2026-05-01T23:59:59"),
        ("90", "2026-05-31T23:59:59"),
        ("365", "2027-03-02T23:59:59"),
    ],
)
def test_a_preset_lasts_through_the_end_of_its_last_day(alices_license: License, choice: str, expires_at: str) -> None:
    form = filled_in(alices_license, MONDAY, expiry=choice)

    assert form.cleaned_data["expires_at"] == moment(expires_at)


def test_never_is_no_date_even_beside_one(alices_license: License) -> None:
    form = filled_in(alices_license, MONDAY, expiry="never", expires_on="2026-03-05")

    assert form.is_valid()
    assert form.cleaned_data["expires_at"] is None


@pytest.mark.parametrize(
    ("zone", "now", "choices", "expires_at"),
    [
        # Daylight saving begins on 29 March 2026 and ends on 25 October.
        ("Europe/Oslo", "2026-03-25T09:00", {"expiry": "7"}, "2026-04-01T21:59:59"),
        ("Europe/Oslo", "2026-10-20T09:00", {"expiry": "7"}, "2026-10-27T22:59:59"),
        ("Europe/Oslo", "2026-03-02T09:00", {"expires_on": "2026-03-29"}, "2026-03-29T21:59:59"),
        # 14 hours ahead it is Tuesday already, 12 behind it is still Sunday.
        ("Pacific/Kiritimati", "2026-03-02T11:00", {"expiry": "7"}, "2026-03-10T09:59:59"),
        ("Pacific/Kiritimati", "2026-03-02T11:00", {"expires_on": "2026-03-03"}, "2026-03-03T09:59:59"),
        ("Etc/GMT+12", "2026-03-02T09:00", {"expiry": "7"}, "2026-03-09T11:59:59"),
        ("Etc/GMT+12", "2026-03-02T09:00", {"expires_on": "2026-03-01"}, "2026-03-02T11:59:59"),
        # Leap days.
        ("UTC", "2028-02-29T09:00", {"expiry": "365"}, "2029-02-28T23:59:59"),
        ("UTC", "2028-01-30T09:00", {"expiry": "30"}, "2028-02-29T23:59:59"),
        ("UTC", "2026-03-02T09:00", {"expires_on": "2028-02-29"}, "2028-02-29T23:59:59"),
        # Today is the last day of a token that is made today.
        ("UTC", "2026-03-02T23:59:58", {"expires_on": "2026-03-02"}, "2026-03-02T23:59:59"),
        # The last day that can be chosen.
        ("UTC", "2026-03-02T09:00", {"expires_on": "2036-12-31"}, "2036-12-31T23:59:59"),
    ],
)
def test_a_day_ends_where_the_person_is(
    alices_license: License, zone: str, now: str, choices: dict[str, str], expires_at: str
) -> None:
    form = filled_in(alices_license, moment(now), zone, **choices)

    assert form.errors == {}
    assert form.cleaned_data["expires_at"] == moment(expires_at)


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("America/Santiago", date(2026, 4, 4), "2026-04-05T03:59:59"),  # 23:59:59 comes twice
        ("Africa/Cairo", date(2026, 10, 29), "2026-10-29T21:59:59"),  # 23:59:59 comes twice
        ("America/Nuuk", date(2026, 3, 28), "2026-03-29T00:59:59"),  # 23:59:59 does not come
        ("America/Havana", date(2026, 10, 31), "2026-11-01T03:59:59"),  # midnight comes twice
    ],
)
def test_a_day_ends_with_its_last_second_where_clocks_change_at_midnight(zone: str, day: date, end: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert end_of_day(day) == moment(end)


@pytest.mark.parametrize(
    ("zone", "now", "choices", "error"),
    [
        ("UTC", "2026-03-02T09:00", {"expires_on": "2026-03-01"}, "has passed"),
        ("Pacific/Kiritimati", "2026-03-02T11:00", {"expires_on": "2026-03-02"}, "has passed"),
        ("Etc/GMT+12", "2026-03-02T09:00", {"expires_on": "2026-02-28"}, "has passed"),
        ("UTC", "2026-03-02T09:00", {"expires_on": "0001-01-01"}, "has passed"),
        ("UTC", "2026-03-02T09:00", {"expires_on": "2027-02-29"}, "Enter a valid date"),
        ("UTC", "2026-03-02T09:00", {"expires_on": "soon"}, "Enter a valid date"),
        ("UTC", "2026-03-02T09:00", {"expires_on": "2037-01-01"}, "At most 10 years"),
        ("Etc/GMT+12", "2026-03-02T09:00", {"expires_on": "9999-12-31"}, "At most 10 years"),
        ("UTC", "2026-03-02T09:00", {"expiry": "custom"}, "Choose a date"),
        ("UTC", "2026-03-02T09:00", {}, "Choose a date"),
    ],
)
def test_a_day_that_cannot_be_is_refused_at_its_field(
    alices_license: License, zone: str, now: str, choices: dict[str, str], error: str
) -> None:
    form = filled_in(alices_license, moment(now), zone, **choices)

    assert error in form.errors["expires_on"][0]
    assert "expires_at" not in form.cleaned_data


def test_a_preset_that_does_not_exist_is_refused(alices_license: License) -> None:
    assert "expiry" in filled_in(alices_license, MONDAY, expiry="8").errors


def test_the_token_works_through_the_last_second_of_the_day(alices_license: License) -> None:
    form = filled_in(alices_license, MONDAY, "Europe/Oslo", expires_on="2026-03-09")
    with time_machine.travel(MONDAY, tick=False):
        issued = form.save()
    assert issued is not None

    with time_machine.travel(moment("2026-03-09T22:59:58"), tick=False):
        assert outcome(call(issued)) == "let in"
    with time_machine.travel(moment("2026-03-09T22:59:59"), tick=False):
        assert outcome(call(issued)) == "token_expired"


def test_the_page_reads_the_day_in_the_time_zone_of_the_person(alices_license: License) -> None:
    alice = alices_license.user
    alice.time_zone = "Pacific/Kiritimati"
    alice.save()
    data = {"name": "nightly-export", "license": alices_license.pk, "scope_account": "read", "expires_on": "2026-03-03"}

    with time_machine.travel(moment("2026-03-02T11:00"), tick=False):
        signed_in(alice).post(reverse("token-new"), data)

    assert Token.objects.get().expires_at == moment("2026-03-03T09:59:59")


# Edit


def edited(token: Token, expires_on: str, zone: str = "UTC") -> TokenEditForm:
    data = {"name": token.name, "scope_account": "read", "expires_on": expires_on}
    with time_machine.travel(MONDAY, tick=False), timezone.override(ZoneInfo(zone)):
        form = TokenEditForm(data, actor=Actor(token.owner), token=token)
        if form.is_valid():
            form.save()
    return form


@pytest.fixture
def token(alices_license: License) -> Token:
    with time_machine.travel(MONDAY - timedelta(days=1), tick=False):
        return issue(alices_license, expires_at=moment("2026-04-01T12:00:00")).token


def test_the_end_can_be_brought_nearer(token: Token) -> None:
    assert edited(token, "2026-03-09").errors == {}

    assert Token.objects.get().expires_at == moment("2026-03-09T23:59:59")


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_a_day_that_was_not_touched_leaves_the_hour_alone(token: Token, zone: str) -> None:
    shown = token.expires_at.astimezone(ZoneInfo(zone)).date()

    assert edited(token, shown.isoformat(), zone).errors == {}

    assert Token.objects.get().expires_at == token.expires_at


@pytest.mark.parametrize(("day", "error"), [("2026-04-02", "can only come nearer"), ("2026-03-01", "has passed")])
def test_the_end_is_neither_put_off_nor_put_into_the_past(token: Token, day: str, error: str) -> None:
    form = edited(token, day)

    assert error in form.errors["expires_on"][0]
    assert Token.objects.get().expires_at == token.expires_at


@pytest.mark.parametrize(("zone", "day"), [("UTC", "9999-12-31"), ("Etc/GMT+12", "9999-12-31"), ("UTC", "2037-01-01")])
def test_a_token_without_expiry_gets_one_of_at_most_ten_years(token: Token, zone: str, day: str) -> None:
    Token.objects.update(expires_at=None)
    token.refresh_from_db()

    assert "expires_on" in edited(token, day, zone).errors
    assert Token.objects.get().expires_at is None
