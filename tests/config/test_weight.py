"""What a first visit fetches before it sees a page: compressed, and cached for good but for the page itself."""

import gzip
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import License, User
from config.static_files import joined
from tests.conftest import signed_in
from tests.factories import LicenseFactory, UserFactory, issue

STATIC = Path(settings.BASE_DIR) / "static"
MOST_BYTES = 60_000
ROWS = 50
PAGES = ["/", "/tokens/", "/security/", "/admin/meridian/tokens/", "/admin/meridian/audit/"]


@pytest.fixture
def crowded(alices_license: License, bob: User) -> None:
    """A page full of rows with long names, each of somebody else."""
    for number in range(ROWS // 2):
        owner = UserFactory(name=f"Maximiliane von Ahlefeldt-Hohenzollern the {number}th")
        license = LicenseFactory(user=owner, organization=alices_license.organization)
        issue(license, name=f"{number} nightly export of the long archive for the auditors"[:60])
        issue(license, name=f"{number} deploys the press, the site and the archive"[:60])


@pytest.mark.parametrize("address", PAGES)
def test_a_first_visit_fetches_little(crowded: None, bob: User, address: str) -> None:
    answer = signed_in(bob).get(address, headers={"Accept-Encoding": "gzip"})

    assert answer.status_code == 200
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) + weight_of_static_files() < MOST_BYTES


def weight_of_static_files() -> int:
    bundles = [joined(name, lambda name: (STATIC / name).read_text()) for name in ("css/app.css", "js/app.js")]
    images = [(STATIC / name).read_text() for name in ("icons.svg", "favicon.svg")]
    return sum(len(gzip.compress(text.encode())) for text in [*bundles, *images])
