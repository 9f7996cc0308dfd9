"""What is kept of a row between calls: as long as the database says the same, and for each call anew."""

from collections.abc import Callable

import pytest

from accounts.models import License, Organization, User
from tests.factories import LicenseFactory, issue, rename
from tests.tokens.test_lookup import facts, named
from tokens import hashing
from tokens.lifecycle import Issued
from tokens.lookup import CompiledLookup, compiled, find_token
from tokens.models import Policy, Token
from tokens.recent import Recent

# Inside a transaction PostgreSQL is asked by way of the driver, and nothing is kept.
pytestmark = pytest.mark.django_db(transaction=True)


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

    def changed(act: Callable[[], object]) -> Token:
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
    rename(Token.objects.all(), name="renamed")
    rename(User.objects.all(), name="Renamed")

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
