"""When and from where a token was last used."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import License
from tests.factories import issue
from tokens.models import Token
from tokens.usage import note_use

SECOND = timedelta(seconds=1)


@pytest.fixture
def token(alices_license: License) -> Token:
    return issue(alices_license).token


def test_the_first_use_is_written_at_once(token: Token) -> None:
    now = timezone.now()

    note_use(token, now=now, address="192.0.2.7")

    token.refresh_from_db()
    assert (token.first_used_at, token.last_used_at, token.last_used_address) == (now, now, "192.0.2.7")


def test_later_uses_are_written_at_most_once_a_minute(token: Token, django_assert_num_queries) -> None:
    first = timezone.now()
    note_use(token, now=first, address="192.0.2.7")
    token.refresh_from_db()

    with django_assert_num_queries(0):
        note_use(token, now=first + 59 * SECOND, address="192.0.2.8")
    with django_assert_num_queries(1):
        note_use(token, now=first + 60 * SECOND, address="192.0.2.9")

    token.refresh_from_db()
    assert (token.first_used_at, token.last_used_at) == (first, first + 60 * SECOND)
    assert token.last_used_address == "192.0.2.9"


def test_a_caller_without_an_address_leaves_none(token: Token) -> None:
    note_use(token, now=timezone.now(), address="")

    token.refresh_from_db()
    assert token.last_used_address is None
    assert token.last_used_at is not None


def test_two_first_uses_at_once_are_both_let_in_whichever_is_written_first(token: Token) -> None:
    """Both read the token before either wrote; the one that came a moment earlier writes second."""
    now = timezone.now()
    read_by_one, read_by_other = (Token.objects.get(pk=token.pk) for _ in range(2))

    note_use(read_by_one, now=now + SECOND, address="192.0.2.7")
    note_use(read_by_other, now=now, address="192.0.2.8")

    token.refresh_from_db()
    assert token.last_used_at == now + SECOND
