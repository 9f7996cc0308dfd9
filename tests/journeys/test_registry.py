"""The registry's walk: My Profile, API Token Management, Generate New Token, Create Token, and never again."""

import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from tests.journeys.conftest import Call, arrive, copied, sign_in
from tests.waiting import PATIENCE_SECONDS
from tokens.models import Token

ME = "/api/v1/me"


def form_of(page: Page) -> Locator:
    """Generate New Token, as the help page leads there."""
    page.get_by_role("button", name=re.compile("profile menu")).click()
    page.get_by_role("link", name="My Profile", exact=True).click()
    page.get_by_role("main").get_by_role("link", name="API Token Management").click()
    page.get_by_role("main").get_by_role("link", name="Generate New Token").click()
    expect(page.get_by_role("heading", name="Generate New Token", level=1)).to_be_visible()
    return page.locator("form[action='/tokens/new/']")


def empty_form(page: Page) -> Locator:
    page.goto("/tokens/new/")
    return page.locator("form[action='/tokens/new/']")


def choose(form: Locator, label: str) -> None:
    form.get_by_text(label, exact=True).click()


def created(page: Page, name: str = "nightly-export") -> Locator:
    """The page that shows the new token, as its tag."""
    page.goto("/tokens/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create Token").click()
    expect(page.get_by_role("heading", name="Your token is ready")).to_be_visible()
    return page.get_by_role("region", name=f"New token {name}")


def test_name_expiry_date_and_permissions_become_the_token(page: Page, alice: User, call: Call) -> None:
    sign_in(page, alice)
    form = form_of(page)
    form.get_by_label("Name", exact=True).fill("nightly-export")
    choose(form, "30 days")
    form.get_by_role("radio", name="Account: Read", exact=True).check()
    form.get_by_role("radio", name="Tokens: Read and write").check()

    form.get_by_role("button", name="Create Token").click()

    plaintext = copied(page.get_by_role("region", name="New token nightly-export"))
    token = Token.objects.get(name="nightly-export")
    assert call(ME, {"Authorization": f"Bearer {plaintext}"}).status_code == 200
    assert token.scope == "account:read tokens:write"
    assert token.expires_at is not None
    assert timezone.localdate(token.expires_at) == timezone.localdate() + dt.timedelta(days=30)


def test_a_date_picked_by_hand_is_the_last_day_of_the_token(page: Page, alice: User) -> None:
    last_day = timezone.localdate() + dt.timedelta(days=5)
    arrive(page, alice)
    form = empty_form(page)
    form.get_by_label("Name", exact=True).fill("nightly-export")

    form.get_by_label("Date", exact=True).fill(last_day.isoformat())
    expect(form.get_by_role("radio", name="Custom").first).to_be_checked()
    form.get_by_role("button", name="Create Token").click()

    expect(page.get_by_role("heading", name="Your token is ready")).to_be_visible()
    token = Token.objects.get(name="nightly-export")
    assert token.expires_at is not None
    assert timezone.localdate(token.expires_at) == last_day


def test_the_form_says_when_each_choice_of_expiry_ends_the_token(page: Page, alice: User) -> None:
    in_a_week = timezone.localdate() + dt.timedelta(days=7)
    arrive(page, alice)
    form = empty_form(page)
    said = form.locator("expiry-field output")

    choose(form, "7 days")
    expect(said).to_contain_text(f"{in_a_week:%A}")
    expect(said).to_contain_text(str(in_a_week.year))
    choose(form, "Never")

    expect(said).not_to_contain_text("Stops working on")


def test_a_preset_fills_the_table_and_a_change_in_it_is_custom(page: Page, alice: User) -> None:
    arrive(page, alice)
    form = empty_form(page)
    presets = form.get_by_role("group", name="All resources")

    presets.get_by_text("Read and write").click()
    expect(form.get_by_role("radio", name=re.compile("^(Account|Tokens|Organization): Read and write$"))).to_have_count(
        3
    )
    for resource in ("Account", "Tokens", "Organization"):
        expect(form.get_by_role("radio", name=f"{resource}: Read and write")).to_be_checked()
    form.get_by_role("radio", name="Tokens: No access").check()

    expect(presets.get_by_role("radio", name="Custom")).to_be_checked()


def test_the_usage_instructions_name_this_server(page: Page, alice: User, site: str) -> None:
    arrive(page, alice)
    created(page)
    panel = page.get_by_role("tabpanel")
    words = {
        "curl": f"curl {site}{ME}",
        "Python": f'"{site}{ME}"',
        "JavaScript": f'fetch("{site}{ME}"',
        "Environment variable": "export TOKENRACK_TOKEN=trk_",
        "nginx": f"proxy_pass {site};",
    }
    expect(page.get_by_role("tab")).to_have_text(list(words))

    for tab, text in words.items():
        page.get_by_role("tab", name=tab, exact=True).click()

        expect(panel).to_have_count(1)
        expect(panel.locator("code")).to_contain_text(text)
        expect(panel.get_by_role("button", name="Copy")).to_be_visible()


@pytest.mark.parametrize(
    ("tab", "interpreter"),
    [
        ("curl", ["bash", "-c"]),
        ("Python", [sys.executable, "-c"]),
        ("JavaScript", ["node", "--input-type=module", "-e"]),
    ],
)
def test_an_example_works_as_copied(page: Page, alice: User, tab: str, interpreter: list[str]) -> None:
    arrive(page, alice)
    plaintext = copied(created(page))
    page.get_by_role("tab", name=tab, exact=True).click()

    program = copied(page.get_by_role("tabpanel"))

    environment = os.environ | {"TOKENRACK_TOKEN": plaintext}
    command = [*interpreter, program]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert alice.email in printed.stdout, printed.stderr


def test_the_page_waits_for_the_first_call_and_says_when_it_came(page: Page, alice: User, call: Call) -> None:
    arrive(page, alice)
    header = copied(created(page), "Copy as header")
    expect(page.get_by_text("Waiting for the first call…")).to_be_visible()
    name, value = header.split(": ", 1)

    answer = call(ME, {name: value})

    assert (name, answer.status_code) == ("Authorization", 200)
    expect(page.get_by_text("It works: first call received")).to_be_visible()
    expect(page.get_by_text("Waiting for the first call…")).to_have_count(0)


def reload(page: Page) -> None:
    page.reload()


def back(page: Page) -> None:
    page.go_back()


def back_then_forward(page: Page) -> None:
    page.go_back()
    page.go_forward()


def on_and_back(page: Page) -> None:
    page.get_by_role("link", name="I have stored it").click()
    expect(page.get_by_role("heading", name="API Token Management")).to_be_visible()
    page.go_back()


@pytest.mark.parametrize("way", [reload, back, back_then_forward, on_and_back])
def test_the_token_is_never_shown_again(page: Page, alice: User, way: Callable[[Page], None]) -> None:
    arrive(page, alice)
    plaintext = copied(created(page))
    assert plaintext in page.content()

    way(page)

    expect(page.get_by_role("heading", name="Your token is ready")).to_have_count(0)
    assert plaintext not in page.content()


def test_the_token_is_not_in_another_tab_at_the_same_address(page: Page, alice: User) -> None:
    arrive(page, alice)
    plaintext = copied(created(page))
    other_tab = page.context.new_page()

    other_tab.goto(page.url)

    expect(other_tab.get_by_role("heading", name="nightly-export", level=1)).to_be_visible()
    expect(other_tab.get_by_text("The token was shown once.")).to_be_visible()
    assert plaintext not in other_tab.content()


def test_the_same_form_sent_again_makes_no_second_token(page: Page, alice: User) -> None:
    arrive(page, alice)
    page.goto("/tokens/new/")
    page.get_by_label("Name", exact=True).fill("nightly-export")
    fields = page.locator("form[action='/tokens/new/']").evaluate("form => Object.fromEntries([...new FormData(form)])")
    page.get_by_role("button", name="Create Token").click()
    plaintext = copied(page.get_by_role("region", name="New token nightly-export"))

    again = page.request.post("/tokens/new/", form=fields | {"name": "another-name"})

    token = Token.objects.get(owner=alice)
    assert again.url.endswith(f"/tokens/{token.pk}/created/")
    assert plaintext not in again.text()
    assert "The token was shown once." in again.text()


def test_an_impatient_double_click_makes_one_token_and_shows_it(page: Page, alice: User) -> None:
    arrive(page, alice)
    page.goto("/tokens/new/")
    page.get_by_label("Name", exact=True).fill("nightly-export")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))

    # The second click comes when the first request has left: another one would throw its answer away.
    page.get_by_role("button", name="Create Token").evaluate(
        "button => { button.click(); setTimeout(() => button.click(), 20); }"
    )

    expect(page.get_by_role("heading", name="Your token is ready")).to_be_visible()
    assert Token.objects.filter(owner=alice).count() == 1
    assert sent.count("POST") == 1


def test_a_form_that_is_sent_back_keeps_what_was_typed(page: Page, alice: User) -> None:
    arrive(page, alice)
    form = empty_form(page)
    form.get_by_label("Date", exact=True).fill("2020-02-29")
    form.get_by_role("radio", name="Organization: Read and write").check()
    form.get_by_label(re.compile("Allowed IP ranges")).fill("192.0.2.0/24\nnot an address")
    form.get_by_label("Revoke when I sign out").check()

    form.get_by_role("button", name="Create Token").click()

    expect(page.get_by_role("alert")).to_contain_text("The token was not created. Three fields need another look")
    expect(form.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_text("This day has passed. Choose today or a later day.")).to_be_visible()
    expect(form.get_by_label("Date", exact=True)).to_have_value("2020-02-29")
    expect(form.get_by_role("radio", name="Custom").first).to_be_checked()
    expect(form.get_by_role("radio", name="Organization: Read and write")).to_be_checked()
    expect(form.get_by_label(re.compile("Allowed IP ranges"))).to_have_value("192.0.2.0/24\nnot an address")
    expect(form.get_by_label("Revoke when I sign out")).to_be_checked()
    assert not Token.objects.filter(owner=alice).exists()


def test_a_name_that_is_taken_is_kept_for_a_change(page: Page, alice: User) -> None:
    arrive(page, alice)
    created(page, "nightly-export")
    page.goto("/tokens/new/")
    page.get_by_label("Name", exact=True).fill("Nightly-Export")

    page.get_by_role("button", name="Create Token").click()

    expect(page.get_by_text("There is already a token named Nightly-Export on this license.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Nightly-Export")
