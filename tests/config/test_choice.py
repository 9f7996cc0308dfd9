"""What is chosen out of a list: counted where that is cheap, and looked for in passing where it is not."""

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from accounts.models import License, Organization
from config import keyset
from config.choice import NOTHING, Choice, Range
from config.passing import in_passing
from tests.factories import LicenseFactory, OrganizationFactory, issue
from tokens.models import Token

SCOPED = Range("token_scope", Q(scope="account:read"))


@pytest.fixture(autouse=True)
def tokens(alices_license: License) -> list[Token]:
    """Three of the organization, and one of another."""
    found = [issue(alices_license, name, scope="account:read").token for name in ("one", "two", "three")]
    issue(LicenseFactory(organization=OrganizationFactory(slug="other")), "four", scope="account:read")
    return found


def test_what_the_ranges_find_is_counted_and_keeps_to_the_terms(organization: Organization) -> None:
    rows = Token.objects.of_organization(organization)

    found = Choice([SCOPED], Q(name__startswith="t")).out_of(rows)

    assert sorted(token.name for token in found.rows) == ["three", "two"]
    assert found.count == 2
    assert not found.asked


def test_out_of_more_than_is_counted_nobody_knows_how_many_keep_to_the_terms(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", 2)
    rows = Token.objects.of_organization(organization)

    plain, with_terms = Choice([SCOPED]).out_of(rows), Choice([SCOPED], Q(name="two")).out_of(rows)

    assert plain.count == 3
    assert with_terms.count == keyset.MANY
    assert with_terms.asked == SCOPED.condition & Q(name="two")
    assert set(with_terms.rows) == set(rows)


@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_whichever_part_of_a_choice_is_gathered_the_others_are_asked(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The first finds too many, and the second is itself made of two."""
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", 2)
    some = Choice([Range("token_organization_name", Q(name__in=["one", "two"]))])
    narrow = Choice([Range("token_organization_name", Q(name=name))], Q(organization=organization))

    for choice in (
        Choice([SCOPED]) & (some & narrow),
        (some & narrow) & Choice([SCOPED]),
        Choice([SCOPED]) & some & narrow,
    ):
        found = choice.out_of(Token.objects.of_organization(organization))

        assert [token.name for token in found.rows] == [name] * (name != "three")
        assert found.count == (name != "three")


def test_ranges_that_share_what_they_find_lose_nothing(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", 2)
    names = [["one", "two"], ["one", "two", "three"]]
    choice = Choice([Range("token_organization_name", Q(name__in=some)) for some in names])

    found = choice.out_of(Token.objects.of_organization(organization))

    assert found.count == 3
    assert {token.name for token in in_passing(found.rows, found.asked)} == {"one", "two", "three"}


def test_what_the_terms_imply_is_not_asked_of_a_row() -> None:
    implied = Range("token_license", NOTHING, is_implied=True)

    assert Choice([implied], Q(name="two")).condition == Q(name="two")
    assert Choice([implied, SCOPED], Q(name="two")).condition == SCOPED.condition & Q(name="two")


@pytest.mark.parametrize("others", [0, 1])
def test_among_finds_the_rows_of_those_named(organization: Organization, others: int) -> None:
    named = [organization, *Organization.objects.filter(slug="other")[:others]]

    assert Token.objects.filter(organization__among=named).count() == 3 + others


def test_postgresql_keeps_an_organization_in_the_order(organization: Organization) -> None:
    """Of one value it would not, and then read along the primary key where most rows are of others.

    SQLite is told the index.
    """
    rows = Token.objects.of_organization(organization).order_by("organization_id", "-pk")
    with CaptureQueriesContext(connection) as captured:
        list(rows)

    is_kept = "= ANY (ARRAY[0, " in captured.captured_queries[0]["sql"]
    assert is_kept is (connection.vendor == "postgresql")
