import pytest

from accounts.models import License, User
from tests.tokens.api.scripts import Script, account_script, script_of


@pytest.fixture
def manager(alices_license: License) -> Script:
    """A script of Alice's that manages her tokens and reads her account."""
    return script_of(alices_license, "tokens:write account:read", expires_at=None)


@pytest.fixture
def everything(alice: User) -> Script:
    """A script with Alice's account token."""
    return account_script(alice)
