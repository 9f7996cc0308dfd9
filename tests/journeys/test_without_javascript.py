"""The four walks in a browser without JavaScript: every question is a page, and <noscript> shows the token."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from accounts.actor import Actor
from accounts.models import AuditEvent, License, User
from tests.factories import issue
from tests.journeys.conftest import Call, arrive, sign_in
from tokens import lifecycle
from tokens.models import Token

ME = "/api/v1/me"


def shown(page: Page) -> str:
    """The text that stands on the page for everybody to copy by hand."""
    text: Locator = page.locator("noscript code")
    expect(text).to_be_visible()
    return text.inner_text()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def status(call: Call, authorization: str) -> int:
    return call(ME, {"Authorization": authorization}).status_code


def test_cript_the_token_is_shown_whole_and_regenerated_after_a_question(
    plain_page: Page, alice: User, call: Call
) -> None:
    sign_in(plain_page, alice)
    plain_page.goto("/security/")
    press(plain_page, "Generate API token")
    old = shown(plain_page)
    assert old.startswith("Token trk_")
    assert status(call, old) == 200
    plain_page.goto("/security/")

    press(plain_page, "Regenerate API token")
    expect(plain_page.get_by_role("heading", name="Regenerate the API token?")).to_be_visible()
    press(plain_page, "Regenerate API token")

    new = shown(plain_page)
    assert (status(call, old), status(call, new)) == (401, 200)


def test_arm_an_administrator_reaches_the_tokens_and_creates_one(plain_page: Page, bob: User, call: Call) -> None:
    sign_in(plain_page, bob)
    plain_page.get_by_role("button", name=re.compile("^Admin")).click()
    plain_page.get_by_role("link", name="API Tokens", exact=True).click()
    plain_page.get_by_role("link", name="Create API Token").click()
    plain_page.get_by_label("Token Name").fill("monitoring")

    press(plain_page, "Create")

    plaintext = shown(plain_page)
    assert status(call, f"Bearer {plaintext}") == 200
    plain_page.get_by_role("link", name="Done").click()
    expect(plain_page.locator("noscript code")).to_have_count(0)
    expect(plain_page.get_by_role("row", name="monitoring")).to_be_visible()
    assert plaintext not in plain_page.content()


def test_arm_a_deactivation_is_asked_about_on_a_page(
    plain_page: Page, alices_license: License, bob: User, call: Call
) -> None:
    plaintext = issue(alices_license, "nightly-export").plaintext
    arrive(plain_page, bob)
    plain_page.goto("/admin/meridian/members/")

    plain_page.get_by_role("button", name="Deactivate Alice Holm").click()
    expect(plain_page.get_by_role("heading", name="Deactivate Alice Holm?")).to_be_visible()
    assert status(call, f"Bearer {plaintext}") == 200
    press(plain_page, "Deactivate")

    expect(plain_page.get_by_text("Alice Holm is deactivated.")).to_be_visible()
    assert status(call, f"Bearer {plaintext}") == 401
    plain_page.get_by_role("button", name="Reactivate Alice Holm").click()
    expect(plain_page.get_by_text("Alice Holm is back.")).to_be_visible()
    plain_page.goto("/admin/meridian/tokens/")
    plain_page.get_by_role("button", name="Re-approve nightly-export").click()
    plain_page.get_by_label("Reason").fill("Back from leave")
    press(plain_page, "Re-approve")
    expect(plain_page.get_by_text("nightly-export works again.")).to_be_visible()
    assert status(call, f"Bearer {plaintext}") == 200


def test_discloud_the_token_is_reset_after_a_question_and_shown_bare(plain_page: Page, alice: User, call: Call) -> None:
    old = lifecycle.regenerate(actor=Actor(alice), owner=alice).plaintext
    sign_in(plain_page, alice)
    plain_page.get_by_role("link", name="API Key").click()

    press(plain_page, "Reset Token")
    expect(plain_page.get_by_role("heading", name="Reset the account token?")).to_be_visible()
    press(plain_page, "Reset Token")

    new = shown(plain_page)
    assert call(ME, {"api-token": old}).status_code == 401
    assert call(ME, {"api-token": new}).status_code == 200


def test_discloud_the_eye_icon_reveals_where_the_deployment_allows_it(
    plain_page: Page, alice: User, settings: Any
) -> None:
    settings.ACCOUNT_TOKEN_REVEAL = "recent-sign-in"
    plaintext = lifecycle.regenerate(actor=Actor(alice), owner=alice).plaintext
    arrive(plain_page, alice)
    plain_page.goto("/api-key/")
    assert plaintext not in plain_page.content()

    press(plain_page, "Show token")

    assert shown(plain_page) == plaintext
    assert AuditEvent.objects.filter(action="account_token.revealed").count() == 1


def test_registry_a_token_is_made_of_a_preset_and_never_shown_again(plain_page: Page, alice: User, call: Call) -> None:
    sign_in(plain_page, alice)
    plain_page.get_by_role("button", name=re.compile("profile menu")).click()
    plain_page.get_by_role("link", name="API Token Management").click()
    plain_page.get_by_role("link", name="Generate New Token").first.click()
    plain_page.get_by_label("Name", exact=True).fill("nightly-export")
    plain_page.get_by_text("30 days", exact=True).click()
    plain_page.get_by_text("Read only", exact=True).click()

    press(plain_page, "Create Token")

    plaintext = shown(plain_page)
    assert status(call, f"Bearer {plaintext}") == 200
    assert Token.objects.get().scope == "account:read introspect:read organization:read tokens:read"
    for example in ("curl", "Python", "JavaScript", "Environment variable", "nginx"):
        expect(plain_page.get_by_role("heading", name=example, exact=True)).to_be_visible()
    plain_page.reload()
    expect(plain_page.get_by_text("The token was shown once.")).to_be_visible()
    assert plaintext not in plain_page.content()
    assert Token.objects.count() == 1


def test_registry_a_token_is_revoked_and_re_approved_on_pages_of_their_own(
    plain_page: Page, alice: User, alices_license: License, call: Call
) -> None:
    issued = issue(alices_license, "nightly-export")
    arrive(plain_page, alice)
    plain_page.goto(issued.token.get_absolute_url())

    press(plain_page, "Revoke")
    expect(plain_page.get_by_role("heading", name="Revoke nightly-export?")).to_be_visible()
    press(plain_page, "Revoke")

    expect(plain_page.get_by_text("nightly-export is revoked.")).to_be_visible()
    assert status(call, f"Bearer {issued.plaintext}") == 401
    plain_page.goto(issued.token.get_absolute_url())
    press(plain_page, "Re-approve")
    expect(plain_page.get_by_text("nightly-export works again.")).to_be_visible()
    assert status(call, f"Bearer {issued.plaintext}") == 200


def test_nothing_is_offered_that_needs_javascript(plain_page: Page, alice: User) -> None:
    arrive(plain_page, alice)
    plain_page.goto("/security/")

    press(plain_page, "Generate API token")

    shown(plain_page)
    expect(plain_page.get_by_role("button", name="Copy")).to_have_count(0)
    expect(plain_page.get_by_role("button", name="Show token")).to_have_count(0)
    expect(plain_page.get_by_role("group", name="Theme")).to_have_count(0)
