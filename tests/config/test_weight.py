"""What a first visit waits for before it sees a page: little, compressed and cached for good, but all of the page.

Half a table has other columns than the whole one, so a page that is painted while it arrives moves under the eye.
"""

import gzip
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

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


@pytest.mark.parametrize("address", [*PAGES, "/account/login/", "/nowhere/"])
def test_nothing_is_painted_before_the_page_is_whole(crowded: None, bob: User, address: str) -> None:
    """HTML, 4.2.4: the element that `rel=expect` names holds rendering back until it has arrived."""
    client = Client() if address == "/account/login/" else signed_in(bob)

    html = client.get(address).content.decode()

    assert '<link rel="expect" href="#whole" blocking="render">' in html.partition("</head>")[0]
    assert html.split('<template id="whole"></template>')[1].split() == ["</body>", "</html>"]


def weight_of_static_files() -> int:
    bundles = [joined(name, lambda name: (STATIC / name).read_text()) for name in ("css/app.css", "js/app.js")]
    images = [(STATIC / name).read_text() for name in ("icons.svg", "favicon.svg")]
    return sum(len(gzip.compress(text.encode())) for text in [*bundles, *images])
