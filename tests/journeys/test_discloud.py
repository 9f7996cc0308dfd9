"""Discloud's walk: Dashboard, API Key, Copy, the eye icon, Reset Token; and what a later visit shows."""

import time
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Locator, Page, expect

from accounts.actor import Actor
from accounts.models import AuditEvent, User
from accounts.session_store import SessionStore, content_of
from tests.factories import PASSWORD
from tests.journeys.conftest import Call, arrive, copied, sign_in
from tokens import lifecycle

ME = "/api/v1/me"


def with_token(user: User) -> str:
    return lifecycle.regenerate(actor=Actor(user), owner=user).plaintext


def api_key_tab(page: Page) -> Locator:
    """The account token, through the dashboard."""
    page.goto("/")
    page.get_by_role("navigation", name="Dashboard").get_by_role("link", name="API Key").click()
    expect(page.get_by_role("heading", name="Account token", exact=True)).to_be_visible()
    return page.get_by_role("region", name="Account token")


def reset(page: Page) -> Locator:
    api_key_tab(page)
    page.get_by_role("button", name="Reset Token").click()
    question = page.get_by_role("dialog", name="Reset the account token?")
    question.get_by_role("button", name="Reset Token").click()
    return page.get_by_role("region", name="Account token")


def let_the_sign_in_grow_old() -> None:
    for session in Session.objects.all():
        content = content_of(session)
        for record in content["account_authentication_methods"]:
            record["at"] = time.time() - 24 * 3600
        session.session_data = SessionStore().encode(content)
        session.save()


def looks(user: User) -> int:
    return AuditEvent.objects.filter(action="account_token.revealed", actor=user, subject=user).count()


@pytest.fixture
def revealing(settings: Any) -> None:
    """The choice of a deployment that wants its account tokens copied later too."""
    settings.ACCOUNT_TOKEN_REVEAL = "recent-sign-in"


def test_a_first_token_is_generated_on_the_same_tab(page: Page, alice: User, call: Call) -> None:
    sign_in(page, alice)
    api_key_tab(page)

    page.get_by_role("button", name="Generate Token").click()

    plaintext = copied(page.get_by_role("region", name="Account token"))
    assert call(ME, {"api-token": plaintext}).json()["email"] == alice.email


def test_reset_token_gives_a_new_one_and_the_old_one_is_refused_at_once(page: Page, alice: User, call: Call) -> None:
    old = with_token(alice)
    assert call(ME, {"api-token": old}).status_code == 200
    arrive(page, alice)

    new = copied(reset(page))

    refused = call(ME, {"api-token": old})
    assert (refused.status_code, refused.json()["code"]) == (401, "token_revoked")
    assert call(ME, {"api-token": new}).status_code == 200


def test_the_eye_icon_reveals_the_text_that_copy_gives_bare(page: Page, alice: User) -> None:
    with_token(alice)
    arrive(page, alice)
    tag = reset(page)
    plaintext = copied(tag)
    shown = tag.get_by_text(plaintext, exact=True)
    expect(shown).to_be_hidden()

    eye = tag.get_by_role("button", name="Show token")
    eye.click()
    expect(shown).to_be_visible()
    expect(eye).to_have_attribute("aria-pressed", "true")
    eye.click()

    expect(shown).to_be_hidden()
    expect(eye).to_have_attribute("aria-pressed", "false")
    assert plaintext.startswith("trk_")


def test_a_later_visit_shows_only_the_hint(page: Page, alice: User) -> None:
    plaintext = with_token(alice)
    arrive(page, alice)

    tag = api_key_tab(page)

    expect(tag.get_by_text("Shown once. Regenerate to get a new one.")).to_be_visible()
    expect(tag.get_by_text(f"{plaintext[:8]}…{plaintext[-4:]}")).to_be_visible()
    expect(tag.get_by_role("button")).to_have_count(0)
    assert plaintext not in page.content()


def test_a_deployment_may_let_the_eye_icon_reveal_it_on_a_later_visit(
    revealing: None, page: Page, alice: User, call: Call
) -> None:
    plaintext = with_token(alice)
    arrive(page, alice)
    tag = api_key_tab(page)
    assert plaintext not in page.content()
    assert looks(alice) == 0

    tag.get_by_role("button", name="Show token").click()

    expect(tag.get_by_text(plaintext, exact=True)).to_be_visible()
    assert copied(tag) == plaintext
    assert call(ME, {"api-token": plaintext}).status_code == 200
    assert looks(alice) == 1


def test_the_text_is_hidden_again_when_the_page_is_left(revealing: None, page: Page, alice: User) -> None:
    plaintext = with_token(alice)
    arrive(page, alice)
    tag = api_key_tab(page)
    tag.get_by_role("button", name="Show token").click()
    expect(tag.get_by_text("Hidden again when you leave this page.")).to_be_visible()
    assert plaintext in page.content()

    page.reload()

    expect(tag.get_by_text("Showing it asks for a recent sign-in")).to_be_visible()
    assert plaintext not in page.content()


def test_one_more_press_on_copy_takes_it_along_on_a_later_visit(revealing: None, page: Page, alice: User) -> None:
    plaintext = with_token(alice)
    arrive(page, alice)
    tag = api_key_tab(page)

    tag.get_by_role("button", name="Copy", exact=True).click()
    expect(tag.get_by_role("button", name="Copy as header")).to_be_visible()
    expect(tag.get_by_role("button", name="Copy", exact=True)).to_be_focused()

    assert copied(tag) == plaintext


def test_an_old_sign_in_reveals_nothing_before_the_password_is_given(revealing: None, page: Page, alice: User) -> None:
    plaintext = with_token(alice)
    arrive(page, alice)
    tag = api_key_tab(page)
    let_the_sign_in_grow_old()

    tag.get_by_role("button", name="Show token").click()

    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    assert looks(alice) == 0
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    assert copied(tag) == plaintext
    assert looks(alice) == 1


def test_every_look_stands_in_the_audit_log(revealing: None, page: Page, alice: User) -> None:
    with_token(alice)
    arrive(page, alice)
    for _ in range(2):
        api_key_tab(page).get_by_role("button", name="Show token").click()
        expect(page.get_by_text("Hidden again when you leave this page.")).to_be_visible()

    page.goto("/security/#activity")

    assert looks(alice) == 2
    expect(page.get_by_text("You looked at the API token")).to_have_count(2)
