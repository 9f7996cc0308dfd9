"""Tokens in a state are found from whichever side is short: their own index, or the licenses they hang on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import License, Organization
from config import keyset
from config.keyset import Order, stretch_of
from config.passing import in_passing
from tests.factories import LicenseFactory, issue
from tokens.models import State, Token, by_state


@pytest.mark.parametrize("counted_at_most", [1, 2, 10])
def test_suspended_tokens_are_found_however_many_licenses_are_stopped(
    organization: Organization, alices_license: License, monkeypatch: pytest.MonkeyPatch, counted_at_most: int
) -> None:
    """Of three licenses two are stopped: with a look at one row a page, at two, or at all of them."""
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", counted_at_most)
    now = timezone.now()
    issue(alices_license)
    stopped = [issue(LicenseFactory(organization=organization)).token for _ in range(2)]
    License.objects.filter(tokens__in=stopped).update(deactivated_at=now)

    found = by_state.choice(State.SUSPENDED, now, organization=organization).out_of(
        Token.objects.of_organization(organization)
    )

    order, met, start = Order(within="organization_id"), [], None
    while True:
        page = stretch_of(found.rows, start, order=order, size=2, asked=found.asked)
        met += page.rows
        if not page.cursor:
            break
        start = order.read(page.cursor, found.rows)
    assert met == stopped[::-1]


def test_where_the_policy_holds_nothing_back_nothing_is_looked_at(
    organization: Organization, alices_license: License, django_assert_num_queries
) -> None:
    issue(alices_license)
    choices = [
        by_state.choice(state, timezone.now(), organization=organization) for state in (State.BLOCKED, State.PENDING)
    ]

    with django_assert_num_queries(0):
        found = [choice.out_of(Token.objects.of_organization(organization)) for choice in choices]

    assert [each.count for each in found] == [0, 0]


def test_licenses_that_are_stopped_in_two_ways_hide_no_others(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five have ended, of which the first three are deactivated too."""
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", 5)
    now = timezone.now()
    seats = [LicenseFactory(organization=organization) for _ in range(6)]
    tokens = [issue(seat).token for seat in seats]
    for number, seat in enumerate(seats[1:]):
        ended = now - timedelta(days=9 - number)
        License.objects.filter(pk=seat.pk).update(valid_until=ended, deactivated_at=now if number < 3 else None)

    found = by_state.choice(State.SUSPENDED, now, organization=organization).out_of(
        Token.objects.of_organization(organization)
    )

    assert set(in_passing(found.rows, found.asked)) == set(tokens[1:])
