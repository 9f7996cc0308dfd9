"""Imported, not yet rotated: counted, filtered, and gone with a rotation."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actor import SYSTEM, Actor
from accounts.models import License, User
from tests.conftest import signed_in
from tests.factories import issue, take_over
from tokens import format, lifecycle
from tokens.attention import RULES_BY_NAME
from tokens.models import Token

LIST, FILTERED = "/admin/meridian/tokens/", {"needs": "imported"}
TEXTS = ["4abc478b25e30766652f76103b978349c4c4b214", "0cfa3c9d11e64d3c9f20bd7a6e5583f2a9c1e47b"]


@pytest.fixture
def imported(alices_license: License) -> list[Token]:
    """Two imported ones beside one of our own."""
    issue(alices_license, name="own")
    return [take_over(alices_license, text) for text in TEXTS]


def pages(alice: User, bob: User) -> tuple[str, str]:
    own, all_of_them = signed_in(alice).get(reverse("tokens")), signed_in(bob).get(LIST)
    return own.content.decode(), all_of_them.content.decode()


def test_both_lists_count_them_and_cut_to_them(alice: User, bob: User, imported: list[Token]) -> None:
    own, everything = pages(alice, bob)

    assert "2 tokens imported, not yet rotated." in own
    assert "2 imported and not yet rotated" in everything
    racks = signed_in(alice).get(reverse("tokens"), FILTERED).context["racks"]
    assert {token.pk for rack in racks for token in rack.tokens} == {token.pk for token in imported}
    page = signed_in(bob).get(LIST, FILTERED).context["page"]
    assert {token.pk for token in page} == {token.pk for token in imported}


@pytest.mark.parametrize("overlap", [timedelta(0), timedelta(days=1)])
def test_rotating_gives_a_text_of_our_own_and_the_count_goes_down(
    alice: User, bob: User, imported: list[Token], overlap: timedelta
) -> None:
    issued = lifecycle.rotate(actor=Actor(alice), token=imported[0], overlap=overlap)

    assert format.is_well_formed(issued.plaintext, "trk_")
    assert not issued.token.is_imported
    own, everything = pages(alice, bob)
    assert "1 token imported, not yet rotated." in own
    assert "1 imported and not yet rotated" in everything


def test_what_has_ended_is_counted_no_more(alice: User, bob: User, imported: list[Token]) -> None:
    for token in imported:
        lifecycle.revoke(actor=SYSTEM, token=token)

    assert [page for page in pages(alice, bob) if "not yet rotated." in page or "imported and" in page] == []


@pytest.mark.parametrize("reader", ["alice", "bob"])
def test_its_own_page_says_so_and_what_to_do(
    alice: User, bob: User, imported: list[Token], reader: str, client: Client
) -> None:
    page = f"/admin/meridian/tokens/{imported[0].pk}/" if reader == "bob" else imported[0].get_absolute_url()
    html = signed_in({"alice": alice, "bob": bob}[reader]).get(page).content.decode()

    assert "Imported, not yet rotated." in html
    assert ("Rotate it" in html) is (reader == "alice")
    assert "took over Imported from authtoken" in html
    assert TEXTS[0] not in html


def test_the_dashboard_names_it_under_needs_attention(alice: User, imported: list[Token]) -> None:
    findings = signed_in(alice).get(reverse("dashboard")).context["findings"]

    assert {finding.token.pk for finding in findings if finding.rule == RULES_BY_NAME["imported"]} == {
        token.pk for token in imported
    }
