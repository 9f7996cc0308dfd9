"""From digests to a token, in one query that was compiled once."""

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from psycopg import Binary

from accounts.actor import SYSTEM
from accounts.models import License
from tests.factories import LicenseFactory, issue
from tokens import hashing, lifecycle
from tokens.lifecycle import Issued
from tokens.lookup import bytes_of, find_token
from tokens.models import Token

ONE, TWO = b"one" * 11, b"two" * 11


def facts(instance: Model, like: Model | None = None) -> dict[str, object]:
    """Every field that was loaded, of `like` if it is given, with what it was loaded as."""
    deferred = (like or instance).get_deferred_fields()
    names = {field.attname for field in instance._meta.concrete_fields} - deferred
    return {name: getattr(instance, name) for name in names}


def named(license: License) -> Issued:
    issued = issue(license, allowed_networks=["192.0.2.0/24", "2001:db8::/32"], revoke_on_sign_out=True)
    Token.objects.update(first_used_at=issued.token.created_at, last_used_at=issued.token.created_at)
    return issued


def revoked(license: License) -> Issued:
    issued = named(license)
    lifecycle.revoke(actor=SYSTEM, token=issued.token)
    return issued


def individual(license: License) -> Issued:
    return issue(LicenseFactory(user=license.user, individual=True))


def account(license: License) -> Issued:
    return lifecycle.regenerate(actor=SYSTEM, owner=license.user)


@pytest.mark.parametrize("issued", [named, revoked, individual, account])
def test_the_lookup_gives_the_same_objects_as_the_queryset(
    alices_license: License, issued, django_assert_num_queries
) -> None:
    digest = hashing.digests(issued(alices_license).plaintext)
    issue(alices_license, name="another")

    found = find_token(digest)

    assert found is not None
    expected = Token.objects.with_surroundings().get(pk=found.pk)
    with django_assert_num_queries(0):
        assert facts(found) == facts(expected, like=found)
        assert {name: type(value) for name, value in facts(found).items()} == {
            name: type(value) for name, value in facts(expected, like=found).items()
        }
        assert found.owner_seat_ends_at == expected.owner_seat_ends_at
        assert facts(found.owner) == facts(expected.owner, like=found.owner)
        assert (found.license is None) is (expected.license is None)
        if found.license and expected.license:
            assert facts(found.license) == facts(expected.license, like=found.license)
            assert found.license.organization == expected.license.organization
    assert found._state.db == "default"
    assert not found._state.adding


def test_the_lookup_is_one_query_and_the_same_one_every_time(alices_license: License) -> None:
    texts = [issue(alices_license, name=name).plaintext for name in ("one", "two")]
    find_token(hashing.digests(texts[0]))

    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = [find_token(hashing.digests(text)) for text in texts]

    assert [token.name for token in found] == ["one", "two"]  # type: ignore[union-attr]
    assert len(queries) == 2


def test_an_unknown_digest_finds_nothing_in_one_query(alices_license: License, django_assert_num_queries) -> None:
    issue(alices_license)

    with django_assert_num_queries(1):
        assert find_token([bytes(32)]) is None


def test_what_was_found_can_be_saved_again(alices_license: License) -> None:
    issued = issue(alices_license)
    found = find_token(hashing.digests(issued.plaintext))
    assert found is not None

    found.name = "renamed"
    found.save(update_fields=["name"])

    assert Token.objects.get().name == "renamed"


def test_a_token_is_found_under_every_pepper_in_one_query(
    settings, alices_license: License, django_assert_num_queries
) -> None:
    settings.TOKEN_PEPPERS = {1: ONE}
    old = issue(alices_license, name="old")
    settings.TOKEN_PEPPERS = {1: ONE, 2: TWO}
    new = issue(alices_license, name="new")

    with django_assert_num_queries(2):
        assert find_token(hashing.digests(old.plaintext)) == old.token
        assert find_token(hashing.digests(new.plaintext)) == new.token
    assert (old.token.pepper, new.token.pepper) == (1, 2)


def test_a_token_is_lost_with_its_pepper(settings, alices_license: License) -> None:
    settings.TOKEN_PEPPERS = {1: ONE}
    old = issue(alices_license)

    settings.TOKEN_PEPPERS = {2: TWO}

    assert find_token(hashing.digests(old.plaintext)) is None


@pytest.mark.parametrize("bound", [ONE, memoryview(ONE), Binary(ONE)], ids=["bytes", "memoryview", "psycopg"])
def test_a_digest_is_found_among_parameters_however_the_driver_has_it(bound: object) -> None:
    assert bytes_of(bound) == ONE
    assert bytes_of("one") is None
