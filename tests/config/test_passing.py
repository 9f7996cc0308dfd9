"""What a condition says of one column: where reading may begin and end, and which rows need not be read at all."""

from datetime import UTC, datetime

import pytest
from django.db.models import Exists, Q

from accounts.models import User
from config.passing import bounds

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEFORE, MISSING, OTHER = Q(at__lt=NOON), Q(at=None), Q(name="job")

# The condition; what it says of rows with a value, and of rows without one.
SAID = {
    "nothing": (Q(), Q(), Q()),
    "of another column": (OTHER, Q(), Q()),
    "a range": (BEFORE, BEFORE, None),
    "a range and more": (BEFORE & OTHER, BEFORE, None),
    "a range from two sides": (BEFORE & Q(at__gte=NOON), BEFORE & Q(at__gte=NOON), None),
    "none": (MISSING, None, Q()),
    "none in other words": (Q(at__isnull=True), None, Q()),
    "any": (Q(at__isnull=False), Q(), None),
    "a range or none": (BEFORE & OTHER | MISSING, BEFORE, Q()),
    "a range or another column": (BEFORE | OTHER, Q(), Q()),
    "two ranges": (BEFORE | Q(at__gt=NOON), Q(), None),
    "the same range twice": (OTHER & BEFORE | BEFORE & Q(name="task"), BEFORE, None),
    "no range": (~BEFORE, Q(), Q()),
    "one of both": (BEFORE ^ OTHER, Q(), Q()),
    "a query": (Q(Exists(User.objects.all())) & BEFORE, BEFORE, None),
    "a range of another column that begins alike": (Q(attic__lt=NOON), Q(), Q()),
}


@pytest.mark.parametrize(("condition", "valued", "missing"), SAID.values(), ids=SAID)
def test_it_says_what_has_to_hold(condition: Q, valued: Q | None, missing: Q | None) -> None:
    said = [bounds(condition, "at", is_missing=is_missing) for is_missing in (False, True)]

    assert [flat(each) for each in said] == [flat(valued), flat(missing)]


def flat(said: Q | None) -> list[object] | None:
    """However deep it is nested."""
    return None if said is None else leaves(said)


def leaves(said: Q) -> list[object]:
    found: list[object] = []
    for child in said.children:
        found += leaves(child) if isinstance(child, Q) else [child]
    return found
