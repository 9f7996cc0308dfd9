"""A token to begin with."""

import pytest

from accounts.models import License
from tests.factories import issue
from tokens.lifecycle import Issued


@pytest.fixture
def issued(alices_license: License) -> Issued:
    """Alice's nightly-export, which may read her account."""
    return issue(alices_license)
