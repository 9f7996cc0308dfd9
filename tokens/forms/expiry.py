"""When a token ends: the choices, and what a day means."""

import datetime as dt

from django.utils import timezone

from tokens.lifecycle import LATEST_EXPIRY_YEARS

EXPIRY_CHOICES = [
    ("7", "7 days"),
    ("30", "30 days"),
    ("60", "60 days"),
    ("90", "90 days"),
    ("365", "1 year"),
    ("custom", "Custom"),
    ("never", "Never"),
]


def end_of_day(date: dt.date) -> dt.datetime:
    """The last second of that day where the reader is: an expiry date is the last day on which a token works.

    Counted back from the next midnight, because 23:59:59 comes twice, or not at all, where clocks change then.
    """
    midnight = timezone.make_aware(dt.datetime.combine(date + dt.timedelta(days=1), dt.time()))
    return midnight.astimezone(dt.UTC) - dt.timedelta(seconds=1)


def fault_of_day(date: dt.date) -> str:
    """Why a token cannot end on that day; "" where it can."""
    today = timezone.localdate()
    if date < today:
        return "This day has passed. Choose today or a later day."
    if date.year > today.year + LATEST_EXPIRY_YEARS:
        return f"At most {LATEST_EXPIRY_YEARS} years. Or choose Never."
    return ""
