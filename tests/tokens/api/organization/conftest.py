import pytest

from accounts.models import License, User
from tests.factories import service_account
from tests.tokens.api.scripts import Script, account_script, script_of
from tokens.models import Policy


@pytest.fixture
def governor(bob: User) -> Script:
    """A script of Bob's that governs Meridian."""
    return script_of(bob.licenses.get(), "organization:write account:read", expires_at=None)


@pytest.fixture
def reader(bob: User) -> Script:
    """One that may only look."""
    return script_of(bob.licenses.get(), "organization:read", expires_at=None)


@pytest.fixture
def bobs_account(bob: User) -> Script:
    """A script with Bob's account token, which hangs on no license."""
    return account_script(bob)


@pytest.fixture
def robot(alices_license: License) -> License:
    """The license of a service account of Meridian."""
    return service_account(alices_license.organization)


@pytest.fixture
def policy(alices_license: License) -> Policy:
    """Meridian's, which asks nothing yet."""
    return Policy.objects.create(organization=alices_license.organization)
