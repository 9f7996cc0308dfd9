"""ARM's walk: the Admin tile, API Tokens, Create API Token; deactivation, re-approval, sign-out."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.actor import Actor
from accounts.models import License, User
from tests.factories import issue
from tests.journeys.conftest import Call, Console, OpenPage, arrive, copied, sign_in, sign_out
from tokens import lifecycle
from tokens.models import Token

ME = "/api/v1/me"
TOKENS = "/admin/meridian/tokens/"
MEMBERS = "/admin/meridian/members/"


def refusal(call: Call, plaintext: str) -> tuple[int, str]:
    answer = call(ME, {"Authorization": f"Bearer {plaintext}"})
    return answer.status_code, answer.json().get("code", "")


def works(call: Call, plaintext: str) -> bool:
    return call(ME, {"Authorization": f"Bearer {plaintext}"}).status_code == 200


def admin_tile(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Admin"))


def opens_the_admin_area(page: Page) -> None:
    expect(page).to_have_url(re.compile(f"{TOKENS}$"))
    expect(page.get_by_role("heading", name="API Tokens", level=1)).to_be_visible()


def created(page: Page, name: str) -> Locator:
    """The dialog that shows the new token."""
    page.goto(TOKENS)
    page.get_by_role("link", name="Create API Token").click()
    question = page.get_by_role("dialog", name="Create API Token")
    question.get_by_label("Token Name").fill(name)
    question.get_by_role("button", name="Create", exact=True).click()
    return page.get_by_role("dialog", name="API Token created")


def deactivate_alice(page: Page) -> None:
    page.goto(MEMBERS)
    page.get_by_role("button", name="Deactivate Alice Holm").click()
    question = page.get_by_role("dialog", name="Deactivate Alice Holm?")
    question.get_by_role("button", name="Deactivate", exact=True).click()
    expect(page.get_by_text("Alice Holm is deactivated.")).to_be_visible()


def reactivate_alice(page: Page) -> None:
    page.goto(MEMBERS)
    page.get_by_role("button", name="Reactivate Alice Holm").click()
    expect(page.get_by_text("Alice Holm is back.")).to_be_visible()


def test_the_mouse_over_the_admin_tile_opens_the_way_to_the_tokens(page: Page, bob: User) -> None:
    sign_in(page, bob)

    admin_tile(page).hover()
    page.get_by_role("link", name="API Tokens", exact=True).click()

    opens_the_admin_area(page)


def test_keyboard_focus_on_the_admin_tile_opens_the_way_to_the_tokens(page: Page, bob: User) -> None:
    sign_in(page, bob)
    page.get_by_role("main").get_by_role("link", name=re.compile("^API tokens")).focus()

    page.keyboard.press("Tab")
    expect(admin_tile(page)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="API Tokens", exact=True)).to_be_focused()
    page.keyboard.press("Enter")

    opens_the_admin_area(page)


def test_a_tap_on_the_admin_tile_opens_the_way_to_the_tokens(phone: Page, bob: User) -> None:
    sign_in(phone, bob)

    admin_tile(phone).tap()
    phone.get_by_role("link", name="API Tokens", exact=True).tap()

    opens_the_admin_area(phone)


def test_a_member_sees_no_admin_tile_and_finds_no_admin_area(page: Page, alice: User, console: Console) -> None:
    console.allow(404)
    sign_in(page, alice)

    answer = page.goto(TOKENS)

    assert answer
    assert answer.status == 404
    page.goto("/")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    expect(admin_tile(page)).to_have_count(0)
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)


def test_the_new_token_stands_in_the_dialog_and_works(page: Page, bob: User, call: Call) -> None:
    arrive(page, bob)

    dialog = created(page, "monitoring")

    expect(dialog).to_contain_text("It will not be shown again.")
    plaintext = copied(dialog)
    assert re.fullmatch("trk_[0-9A-Za-z]{46}", plaintext)
    assert works(call, plaintext)


@pytest.mark.parametrize("closing", ["Done", "Escape"])
def test_once_the_dialog_is_closed_the_token_is_nowhere_to_be_seen(page: Page, bob: User, closing: str) -> None:
    arrive(page, bob)
    dialog = created(page, "monitoring")
    plaintext = copied(dialog)
    assert plaintext in page.content()

    with page.expect_event("load"):
        if closing == "Escape":
            page.keyboard.press("Escape")
        else:
            dialog.get_by_role("link", name="Done").click()

    expect(page.locator("[data-secret]")).to_have_count(0)
    expect(page.get_by_role("row", name="monitoring")).to_be_visible()
    assert page.url.endswith(TOKENS)
    assert plaintext not in page.content()
    page.go_back()
    assert plaintext not in page.content()
    page.go_forward()
    assert plaintext not in page.content()


def test_the_eleventh_token_of_a_license_is_refused_and_the_name_stays_typed(page: Page, bob: User) -> None:
    license = bob.licenses.get()
    for number in range(10):
        issue(license, f"token {number}")
    arrive(page, bob)

    created(page, "one too many")

    question = page.get_by_role("dialog", name="Create API Token")
    expect(question).to_contain_text("All 10 hooks of Studio are taken. Revoke a token first.")
    expect(question.get_by_label("Token Name")).to_have_value("one too many")
    assert Token.objects.filter(license=license).count() == 10


def test_deactivating_a_member_stops_the_tokens_and_ends_the_session_at_once(
    page: Page, open_page: OpenPage, alice: User, alices_license: License, bob: User, call: Call
) -> None:
    alices_page = open_page()
    arrive(alices_page, alice)
    arrive(page, bob)
    named = issue(alices_license).plaintext
    account = lifecycle.regenerate(actor=Actor(alice), owner=alice).plaintext
    assert works(call, named)
    assert works(call, account)

    deactivate_alice(page)

    assert refusal(call, named) == (401, "token_revoked")
    assert refusal(call, account) == (401, "token_revoked")
    alices_page.goto("/tokens/")
    expect(alices_page.get_by_role("heading", name="Sign in to Tokenrack")).to_be_visible()


def test_reactivating_brings_the_person_back_and_re_approving_the_token(
    page: Page, open_page: OpenPage, alice: User, alices_license: License, bob: User, call: Call
) -> None:
    plaintext = issue(alices_license, "nightly-export").plaintext
    arrive(page, bob)
    deactivate_alice(page)

    reactivate_alice(page)

    sign_in(open_page(), alice)
    assert refusal(call, plaintext) == (401, "token_revoked")
    page.goto(TOKENS)
    page.get_by_role("button", name="Re-approve nightly-export").click()
    page.get_by_label("Reason").fill("Back from leave")
    page.get_by_role("button", name="Re-approve").click()
    expect(page.get_by_text("nightly-export works again.")).to_be_visible()
    assert works(call, plaintext)


def test_a_token_for_one_session_stops_at_sign_out_and_its_owner_may_re_approve_it(
    page: Page, alice: User, call: Call
) -> None:
    sign_in(page, alice)
    page.goto("/tokens/new/")
    page.get_by_label("Name", exact=True).fill("this-afternoon")
    page.get_by_label("Revoke when I sign out").check()
    page.get_by_role("button", name="Create Token").click()
    plaintext = copied(page.get_by_role("region", name="New token this-afternoon"))
    assert works(call, plaintext)

    sign_out(page)

    assert refusal(call, plaintext) == (401, "token_revoked")
    sign_in(page, alice)
    page.goto("/tokens/")
    expect(page.get_by_role("row", name="this-afternoon")).to_contain_text("Revoked")
    page.get_by_role("cell").get_by_role("link", name="this-afternoon").click()
    page.get_by_role("button", name="Re-approve").click()
    expect(page.get_by_text("this-afternoon works again.")).to_be_visible()
    assert works(call, plaintext)


def test_what_an_administrator_revoked_its_owner_cannot_re_approve(
    page: Page, open_page: OpenPage, alice: User, alices_license: License, bob: User, call: Call
) -> None:
    issued = issue(alices_license, "nightly-export")
    arrive(page, bob)
    page.goto(f"{TOKENS}{issued.token.pk}/")

    page.get_by_role("button", name="Revoke", exact=True).click()
    question = page.get_by_role("dialog", name="Revoke nightly-export?")
    question.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("nightly-export is revoked.")).to_be_visible()

    assert refusal(call, issued.plaintext) == (401, "token_revoked")
    alices_page = open_page()
    arrive(alices_page, alice)
    alices_page.goto(f"/tokens/{issued.token.pk}/")
    expect(alices_page.get_by_text("Only an administrator can re-approve it.")).to_be_visible()
    expect(alices_page.get_by_role("button", name="Re-approve")).to_have_count(0)
