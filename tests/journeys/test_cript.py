"""CRIPT's walk: Security Settings, API token, Copy, Regenerate API token."""

import os
import subprocess
import sys

from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from tests.journeys.conftest import Call, arrive, copied, sign_in

ME = "/api/v1/me"


def api_token_section(page: Page) -> Locator:
    page.goto("/security/")
    expect(page.get_by_role("heading", name="Security Settings", level=1)).to_be_visible()
    return page.get_by_role("region", name="API token")


def generated(page: Page) -> str:
    section = api_token_section(page)
    section.get_by_role("button", name="Generate API token").click()
    return copied(section)


def regenerated(page: Page) -> str:
    section = api_token_section(page)
    section.get_by_role("button", name="Regenerate API token").click()
    dialog = page.get_by_role("dialog", name="Regenerate the API token?")
    dialog.get_by_role("button", name="Regenerate API token").click()
    return copied(section)


def test_what_copy_gives_is_the_whole_authorization_header(page: Page, alice: User, call: Call) -> None:
    sign_in(page, alice)

    text = generated(page)

    assert text.startswith("Token trk_")
    answer = call(ME, {"Authorization": text})
    assert (answer.status_code, answer.json()["email"]) == (200, alice.email)


def test_the_word_token_can_be_left_out(page: Page, alice: User, call: Call) -> None:
    arrive(page, alice)
    whole = generated(page)

    bare = copied(page.get_by_role("region", name="API token"), "Copy without the word Token")

    assert whole == f"Token {bare}"
    assert call(ME, {"api-token": bare}).status_code == 200


def test_regenerating_gives_a_new_token_and_stops_the_old_one_at_once(page: Page, alice: User, call: Call) -> None:
    arrive(page, alice)
    old = generated(page)

    new = regenerated(page)

    refused = call(ME, {"Authorization": old})
    assert (refused.status_code, refused.json()["code"]) == (401, "token_revoked")
    assert call(ME, {"Authorization": new}).status_code == 200


def test_a_changed_mind_keeps_the_token(page: Page, alice: User, call: Call) -> None:
    arrive(page, alice)
    text = generated(page)
    section = api_token_section(page)

    section.get_by_role("button", name="Regenerate API token").click()
    dialog = page.get_by_role("dialog", name="Regenerate the API token?")
    dialog.get_by_role("button", name="Keep token").click()

    expect(dialog).to_be_hidden()
    assert call(ME, {"Authorization": text}).status_code == 200


def test_the_guidance_puts_it_into_an_environment_variable_and_works_as_written(page: Page, alice: User) -> None:
    arrive(page, alice)
    text = generated(page)
    section = page.get_by_role("region", name="API token")

    section.get_by_text("How to keep it in an environment variable").click()

    expect(section.get_by_text('export TOKENRACK_TOKEN="Token trk_…"')).to_be_visible()
    program = section.locator("#python-code").inner_text()
    environment = os.environ | {"TOKENRACK_TOKEN": text}
    printed = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert alice.email in printed.stdout, printed.stderr
