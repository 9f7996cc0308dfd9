"""From digests to a token, in one query that was compiled once."""

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from psycopg import Binary

from accounts.actor import SYSTEM
from accounts.models import License, Organization, User
from tests.factories import LicenseFactory, issue
from tokens import hashing, lifecycle
from tokens.lifecycle import Issued
from tokens.lookup import CompiledLookup, bytes_of, compiled, find_token
from tokens.models import Policy, Token
from tokens.recent import Recent

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


# What is kept of a row between calls


def again(issued: Issued) -> Token:
    found = find_token(hashing.digests(issued.plaintext))
    assert found is not None
    return found


def test_a_row_that_did_not_change_is_not_made_again(alices_license: License, monkeypatch) -> None:
    issued = named(alices_license)
    first = again(issued)

    monkeypatch.setattr(CompiledLookup, "learn", None)
    second = again(issued)

    assert facts(first) == facts(second)
    assert facts(first.owner) == facts(second.owner)
    assert first.clearances is second.clearances


def test_each_call_gets_objects_of_its_own(alices_license: License) -> None:
    """What a view changes in memory and does not save is nobody else's business."""
    issued = named(alices_license)
    first = again(issued)
    assert first.license
    assert first.license.organization
    first.name = first.owner.name = first.license.name = "changed"
    first.owner.is_active = False
    first.license.organization.slug = "changed"
    first.allowed_networks.append("0.0.0.0/0")

    second = again(issued)

    assert second.name != "changed"
    assert second.owner.name == "Alice Holm"
    assert second.owner.is_active
    assert second.license
    assert second.license.organization
    assert second.license.organization.slug == "meridian"
    assert second.allowed_networks == ["192.0.2.0/24", "2001:db8::/32"]


def test_whatever_changes_is_seen_by_the_very_next_call(alices_license: License) -> None:
    issued, organization = named(alices_license), alices_license.organization
    assert again(issued).clearances

    def changed(act) -> Token:
        before = again(issued).clearances
        act()
        after = again(issued)
        assert after.clearances is not before
        return after

    now = issued.token.created_at
    assert changed(lambda: Token.objects.update(scope="tokens:write")).scopes == {"tokens:write"}
    assert not changed(lambda: User.objects.update(is_active=False)).owner.is_active
    assert changed(lambda: License.objects.update(deactivated_at=now)).license.deactivated_at == now
    assert changed(lambda: Policy(organization=organization, withheld_scope="tokens:write").save()).withheld
    assert not changed(lambda: Policy.objects.update(withheld_scope="")).withheld
    assert changed(lambda: Policy.objects.update(allowed_networks=["192.0.2.0/24"])).policy.allowed_networks
    assert changed(lambda: Organization.objects.update(slug="other")).license.organization.slug == "other"


def test_those_that_hang_on_a_token_are_read_without_a_query_and_only_once(
    alices_license: License, django_assert_num_queries
) -> None:
    Policy(organization=alices_license.organization).save()
    token = again(named(alices_license))

    with django_assert_num_queries(0):
        assert token.license.organization.policy.organization.slug == "meridian"
        assert token.license is token.license
        assert token.license.user_id == token.owner.pk


def test_a_token_can_be_read_anew(alices_license: License, django_assert_num_queries) -> None:
    token = again(named(alices_license))
    Token.objects.update(name="renamed")
    User.objects.update(name="Renamed")

    token.refresh_from_db()

    assert (token.name, token.owner.name) == ("renamed", "Renamed")
    assert token.license == alices_license


def test_another_license_takes_the_place_of_the_one_that_was_read(alices_license: License) -> None:
    token, other = again(named(alices_license)), LicenseFactory(user=alices_license.user, individual=True)

    token.license_id = other.pk

    assert token.license == other
    assert token.owner == alices_license.user


def test_not_all_tokens_are_kept_in_memory(alices_license: License, monkeypatch) -> None:
    lookup = compiled("default", len(hashing.digests("")))
    monkeypatch.setattr(lookup, "known", Recent(most=4))

    for number in range(20):
        again(issue(LicenseFactory(organization=alices_license.organization), name=f"token {number}"))

    assert len(lookup.known) <= 4
