"""The lists of an organization take as many queries for many rows as for few, along the indexes of the pages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import License, Organization, User
from tests.factories import LicenseFactory, OrganizationFactory, invite, issue
from tests.tokens.api.scripts import Script, account_script
from tests.tokens.plans import IS_SQLITE, is_read_along, plan_of

LISTS = ["organization", *(f"organization/meridian/{name}" for name in ("tokens", "members", "invitations", "audit"))]


def fill(organization: Organization, bob: User, word: str, count: int) -> None:
    for number in range(count):
        license = LicenseFactory(organization=organization)
        issue(license, f"{word} {number}")
        invite(organization, bob, f"{word}{number}@example.org")
        LicenseFactory(user=bob, organization=OrganizationFactory(), administrator=True)


@pytest.mark.parametrize("path", LISTS)
def test_many_rows_take_no_more_queries_than_few(
    bobs_account: Script, organization: Organization, bob: User, path: str
) -> None:
    def queries() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            rows = bobs_account.get(path).json()["items"]
        return len(captured), len(rows)

    fill(organization, bob, "few", 1)
    queries()  # writes the first use
    few, before = queries()

    fill(organization, bob, "many", 8)
    many, after = queries()

    assert after >= before + 8
    assert many == few


@pytest.mark.skipif(not IS_SQLITE, reason="PostgreSQL reads tables that are almost empty as a whole")
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("tokens", "token_created"),
        ("tokens?sort=name", "token_organization_name"),
        ("tokens?sort=used", "token_organization_used"),
        ("tokens?sort=expiry", "token_organization_expiry"),
        ("audit", "audit_occurred"),
    ],
)
def test_a_list_is_read_along_its_index(alices_license: License, bob: User, query: str, index: str) -> None:
    script = account_script(bob)
    script.get("me")

    with CaptureQueriesContext(connection) as captured:
        assert script.client.get(f"/api/v1/organization/meridian/{query}").status_code == 200

    table = "tokens_token" if query.startswith("tokens") else "accounts_auditevent"
    asked = [query["sql"] for query in captured if query["sql"].endswith(" LIMIT 51")]
    assert asked
    for sql in asked:
        plan = plan_of(sql)
        assert is_read_along(plan, index, table), plan
