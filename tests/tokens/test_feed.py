"""What the feeds say cannot be written by those they tell of."""

from typing import Any

import pytest

from accounts.actor import Actor
from accounts.models import AuditEvent, License, User
from tests.factories import issue, rename
from tokens import feed, lifecycle


def told(reader: User, **options: bool) -> list[feed.Entry]:
    return feed.entries(AuditEvent.objects.select_related("actor", "subject").order_by("-pk"), reader=reader, **options)


def test_braces_in_a_name_stay_braces(alices_license: License) -> None:
    issue(alices_license, name="{subject} {actor}")

    assert told(alices_license.user)[0].sentence == "You created {subject} {actor}"


def test_the_actor_of_the_log_is_an_address_that_nobody_can_choose(alices_license: License, bob: User) -> None:
    rename([alices_license.user], name="Bob Reyes")
    issue(alices_license)

    assert told(bob, governs=True)[0].actor == "alice@example.org"


def test_an_owner_does_not_learn_where_an_administrator_acted_from(alices_license: License, bob: User) -> None:
    token = issue(alices_license).token
    lifecycle.revoke(actor=Actor(bob, "198.51.100.9", "curl/8"), token=token)

    assert told(alices_license.user)[0].address is None
    assert told(bob, governs=True)[0].address == "198.51.100.9"


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (None, "none"),
        ("", "none"),
        ([], "none"),
        (True, "yes"),
        (["192.0.2.0/24", "2001:db8::/32"], "192.0.2.0/24, 2001:db8::/32"),
        ({"q": "alice"}, "q alice"),
        ("2027-01-21T20:46:21.298634+01:00", "21 Jan 2027, 19:46:21 UTC"),
        ("2027-99-99T99:99:99Z", "2027-99-99T99:99:99Z"),
    ],
)
def test_values_are_told_in_words(stored: Any, words: str) -> None:
    assert feed.value(stored) == words
