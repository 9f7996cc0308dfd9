"""How SQLite reads the inventory: each sort along its own index, on the first page as on one far behind."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import License, Organization
from config.keyset import KeysetPage, page_of
from tests.factories import issue
from tokens.filters import TokenFilter
from tokens.models import Token

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="plans are read in the words of SQLite")

INDEXES = {
    "": "token_organization",
    "name": "token_organization_name",
    "used": "token_organization_used",
    "expiry": "token_organization_expiry",
}

FILTERS = ["", "state=active", "state=revoked", "state=suspended", "age=over-90", "scope=account:read", "needs=endless"]
BEHIND = {
    "": ["id<?"],
    "name": ["name=? AND id>?", "name>?"],
    "used": ["last_used_at=? AND id<?", "last_used_at<?"],
    "expiry": ["expires_at=? AND id>?", "expires_at>?"],
}


@pytest.fixture(autouse=True)
def tokens(alices_license: License) -> None:
    """Four in lists of two, each with its own moments, so that a page lies behind a cursor and reaches further."""
    now = timezone.now()
    for day in range(1, 5):
        token = issue(alices_license, f"job {day}", expires_at=now + timedelta(days=day)).token
        Token.objects.filter(pk=token.pk).update(first_used_at=now, last_used_at=now + timedelta(days=day))


def plans(organization: Organization, query: str) -> tuple[list[str], KeysetPage]:
    """The plan of each query that a page takes, those for the rows before the one that counts; and the page."""
    asked = QueryDict(query)
    filter = TokenFilter(asked, organization=organization)
    assert filter.is_valid(), filter.errors
    with CaptureQueriesContext(connection) as captured:
        page = page_of(filter.apply(timezone.now()), asked, order=filter.order, size=2)
    told = []
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            cursor.execute("EXPLAIN QUERY PLAN " + query["sql"])
            told.append("\n".join(row[3] for row in cursor.fetchall()))
    return told, page


@pytest.mark.parametrize("sort", INDEXES)
def test_a_sort_is_read_along_its_index_from_the_first_row_or_from_the_cursor(
    organization: Organization, sort: str
) -> None:
    (first, _), page = plans(organization, f"sort={sort}")
    (*behind, _), _ = plans(organization, page.older.removeprefix("?"))

    for plan, place in [(first, ""), *zip(behind, BEHIND[sort], strict=False)]:
        assert f"SEARCH tokens_token USING INDEX {INDEXES[sort]} (organization_id=?" in plan
        assert place in plan
        assert "TEMP B-TREE" not in plan
        assert "SCAN" not in plan
    assert len(behind) >= len(BEHIND[sort])


@pytest.mark.parametrize("sort", INDEXES)
@pytest.mark.parametrize("query", FILTERS)
def test_a_filter_neither_sorts_nor_looks_at_tokens_of_others(
    organization: Organization, query: str, sort: str
) -> None:
    told, _ = plans(organization, f"{query}&sort={sort}")

    for plan in told:
        assert "FOR ORDER BY" not in plan
        assert "SCAN tokens_token" not in plan


def test_an_address_is_found_by_its_index(organization: Organization) -> None:
    told, _ = plans(organization, "q=192.0.2.7")

    assert "USING INDEX tokenaddress_address (address=?)" in told[0]


def test_words_are_looked_for_in_the_narrow_index(organization: Organization) -> None:
    told, _ = plans(organization, "q=export")

    assert "USING COVERING INDEX token_organization_name (organization_id=?)" in told[0]
