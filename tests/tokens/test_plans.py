"""How the inventory is read: each sort along its own index, on the first page as on one far behind.

PostgreSQL chooses by what it knows of a table, so there it has a crowd to choose in.
"""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import License, Organization
from config import keyset
from config.keyset import KeysetPage, page_of
from tests.factories import LicenseFactory, OrganizationFactory, issue
from tests.tokens.plans import IS_SQLITE, is_read_along, is_scanned, plan_of
from tokens.filters import TokenFilter
from tokens.models import Token

CROWD = 2_000  # of each token

INDEXES = {
    "": "token_created",
    "name": "token_organization_name",
    "used": "token_organization_used",
    "expiry": "token_organization_expiry",
}

FILTERS = ["state=active", "age=7", "scope=account:read", "used=never", "q=job"]
BEHIND = {
    "": [r"created_at ?=.*\bid ?<", r"created_at ?<"],
    "name": [r"name.*=.*\bid ?>", r"name.*>"],
    "used": [r"last_used_at ?=.*\bid ?<", r"last_used_at ?<"],
    "expiry": [r"expires_at ?=.*\bid ?>", r"expires_at ?>"],
}


@pytest.fixture(autouse=True)
def tokens(alices_license: License) -> None:
    """Four in lists of two, each with its own moments, so that a page lies behind a cursor and reaches further."""
    now = timezone.now()
    for day in range(1, 5):
        token = issue(alices_license, f"job {day}", expires_at=now + timedelta(days=day)).token
        Token.objects.filter(pk=token.pk).update(first_used_at=now, last_used_at=now + timedelta(days=day))
    if not IS_SQLITE:
        crowd_around(alices_license)


def crowd_around(license: License) -> None:
    """Copies of its tokens with moments and names of their own; behind them twice as many in another organization."""
    other = LicenseFactory(organization=OrganizationFactory(slug="crowd"), user=license.user)
    own = {
        "name": "name || n",
        "digest": "sha256((id || ' ' || n)::text::bytea)",
        "created_at": "created_at + n * interval '1 second'",
        "expires_at": "expires_at + n * interval '1 second'",
        "last_used_at": "last_used_at + n * interval '1 second'",
        "license_id": f"CASE WHEN n % 3 = 0 THEN license_id ELSE {other.pk} END",
        "organization_id": f"CASE WHEN n % 3 = 0 THEN organization_id ELSE {other.organization_id} END",
    }
    columns = [field.column for field in Token._meta.concrete_fields if not field.primary_key]
    values = ", ".join(own.get(column, column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tokens_token ({', '.join(columns)})"
            f" SELECT {values} FROM tokens_token, generate_series(1, {CROWD}) AS n ORDER BY n % 3 > 0, n"
        )
        cursor.execute("ANALYZE")


def plans(organization: Organization, query: str) -> tuple[list[str], KeysetPage]:
    """The plan of each query that a page takes, those for the rows before the one that counts; and the page."""
    asked = QueryDict(query)
    filter = TokenFilter(asked, organization=organization)
    assert filter.is_valid(), filter.errors
    with CaptureQueriesContext(connection) as captured:
        found = filter.apply(timezone.now())
        page = page_of(found.rows, asked, order=filter.order, size=2, count=found.count)
    return [plan_of(query["sql"]) for query in captured.captured_queries], page


@pytest.mark.parametrize("sort", INDEXES)
def test_a_sort_is_read_along_its_index_from_the_first_row_or_from_the_cursor(
    organization: Organization, sort: str
) -> None:
    (first, _), page = plans(organization, f"sort={sort}")
    (*behind, _), _ = plans(organization, page.older.removeprefix("?"))

    for plan, place in [(first, ""), *zip(behind, BEHIND[sort], strict=False)]:
        assert is_read_along(plan, INDEXES[sort]), plan
        assert re.search(place, plan), plan
        assert not is_scanned(plan), plan
    assert len(behind) >= len(BEHIND[sort])


@pytest.mark.parametrize("sort", INDEXES)
@pytest.mark.parametrize("query", FILTERS)
def test_a_choice_out_of_many_is_read_along_the_index_of_the_sort(
    organization: Organization, query: str, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", CROWD // 20)
    filter = TokenFilter(words := QueryDict(f"{query}&sort={sort}"), organization=organization)
    assert filter.is_valid(), filter.errors
    rows, asked = Token.objects.of_organization(organization), filter.choice(timezone.now()).condition

    with CaptureQueriesContext(connection) as captured:
        page_of(rows, words, order=filter.order, size=2, count=4, asked=asked)

    read = [plan_of(query["sql"]) for query in captured.captured_queries if "ORDER BY" in query["sql"]]
    assert read
    for plan in read:
        assert is_read_along(plan, INDEXES[sort]), plan


@pytest.mark.skipif(not IS_SQLITE, reason="PostgreSQL reads a table that is almost empty as a whole")
def test_an_address_is_found_by_its_index(organization: Organization) -> None:
    told, _ = plans(organization, "q=192.0.2.7")

    assert "USING INDEX tokenaddress_address (address=?)" in told[0]
