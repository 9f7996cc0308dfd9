"""What a script changes about whom it stands for."""

from accounts.models import Organization
from tests.factories import service_account
from tests.tokens.api.scripts import assert_problem, pointers, script_of


def test_a_service_account_does_not_rename_itself_to_another_one(organization: Organization) -> None:
    service_account(organization, "Deployment")
    license = service_account(organization, "Nightly backups")

    response = script_of(license, "account:write").patch("me", {"name": "deployment"})

    assert_problem(response, 409, "name_taken")
    assert pointers(response) == ["/name"]
    license.user.refresh_from_db()
    assert license.user.name == "Nightly backups"
