"""The pages that list tokens: filters, what they tell of usage, and as many queries for thirty tokens as for two."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import License, User
from tests.calls import call
from tests.conftest import signed_in
from tests.factories import LicenseFactory, issue, rename
from tokens import lifecycle
from tokens.attention import RULES
from tokens.ledger import ledger
from tokens.models import Token

DAY = timedelta(days=1)


@pytest.fixture
def client(alice: User) -> Client:
    return signed_in(alice)


def used(license: License, number: int) -> Token:
    """A token with calls, refused calls, addresses, and something that needs attention."""
    issued = issue(license, name=f"job-{license.pk}-{number}", expires_at=timezone.now() + (number % 9 + 1) * DAY)
    for place in range(3):
        call(issued, f"192.0.{place}.{number}")
    call(issued, path="me", method="patch", name="Alice")
    return issued.token


def scene(alice: User, license: License, tokens: int) -> Token:
    """So many tokens on two licenses, one of them revoked. The first, which is on a hook."""
    second = alice.licenses.filter(organization=None).first() or LicenseFactory(user=alice, individual=True)
    License.objects.update(allowance=40)
    made = [used(second if number % 2 else license, number) for number in range(tokens)]
    lifecycle.revoke(actor=Actor(alice), token=made[1])
    ledger.flush()
    return made[0]


def queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_on_no_page_do_thirty_tokens_take_more_queries_than_two(
    alice: User, bob: User, alices_license: License, client: Client
) -> None:
    administrator = signed_in(bob)
    first = scene(alice, alices_license, 2)
    pages = {
        reverse("tokens"): client,
        reverse("dashboard"): client,
        first.get_absolute_url(): client,
        reverse("tokens") + "?needs=expiring": client,
        reverse("organization-tokens", args=["meridian"]): administrator,
    }
    for page, reader in pages.items():
        reader.get(page)
    few = {page: queries_of(reader, page) for page, reader in pages.items()}
    rename(Token.objects.all(), name="former")  # names are free again

    scene(alice, alices_license, 28)
    many = {page: queries_of(reader, page) for page, reader in pages.items()}

    assert Token.objects.count() == 30
    assert many == few


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_the_list_can_be_cut_to_what_needs_attention(alices_license: License, client: Client, rule: str) -> None:
    issue(alices_license)
    endless = issue(alices_license, name="endless", expires_at=None).token

    racks = client.get(reverse("tokens"), {"needs": rule}).context["racks"]

    assert [each for rack in racks for each in rack.tokens] == ([endless] if rule == "endless" else [])
    assert racks[0].used == 2


def test_a_filter_that_does_not_exist_shows_everything(alices_license: License, client: Client) -> None:
    token = issue(alices_license).token

    racks = client.get(reverse("tokens"), {"needs": "nonsense"}).context["racks"]

    assert racks[0].tokens == [token]


@pytest.mark.parametrize("state", ["active", "expiring", "ending"])
def test_an_administrator_finds_named_tokens_by_their_state(alices_license: License, bob: User, state: str) -> None:
    soon = timezone.now() + 3 * DAY
    tokens = {
        "active": issue(alices_license, name="a").token,
        "expiring": issue(alices_license, name="b", expires_at=soon).token,
    }
    tokens["ending"] = issue(alices_license, name="c").token
    lifecycle.rotate(actor=SYSTEM, token=tokens["ending"], overlap=DAY)

    page = signed_in(bob).get(reverse("organization-tokens", args=["meridian"]), {"state": state})

    names = {token.name for token in page.context["page"]}
    assert names == {"active": {"a", "c"}, "expiring": {"b"}, "ending": {"c"}}[state]


def test_a_token_tells_its_calls_addresses_and_refusals(alices_license: License, client: Client) -> None:
    issued = issue(alices_license)
    call(issued, "192.0.2.7", program="export/2.1 (cron)")
    call(issued, "192.0.2.7", method="patch", name="Alice")
    ledger.flush()

    page = client.get(issued.token.get_absolute_url())

    html = page.content.decode()
    assert (page.context["chart"].calls, page.context["chart"].refusals) == (1, 1)
    assert "192.0.2.7" in html
    assert "export/2.1" in html
    assert "Permission missing" in html
    assert "scope_missing" in html


def test_the_dashboard_counts_the_calls_of_all_of_ones_own_tokens(
    alices_license: License, bob: User, client: Client
) -> None:
    for issued in (
        issue(alices_license),
        lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user),
        issue(bob.licenses.get()),
    ):
        call(issued)
    ledger.flush()

    assert client.get(reverse("dashboard")).context["chart"].calls == 2


def test_what_others_own_is_not_on_the_dashboard(alices_license: License, charlie: User) -> None:
    issue(alices_license, expires_at=None)

    page = signed_in(charlie).get(reverse("dashboard"))

    assert page.context["findings"] == []
    assert page.context["chart"].calls == 0
