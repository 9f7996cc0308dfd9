"""Passkeys in a real browser, with an authenticator that the browser plays itself."""

import re
from collections.abc import Callable

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from accounts.models import AuditEvent, User
from accounts.session_store import SessionStore
from tests.accounts.factors import give_app, recovery_codes
from tests.factories import PASSWORD
from tests.journeys.conftest import arrive, sign_out
from tokens.models import Token


@pytest.fixture
def device(page: Page) -> None:
    connect(page, knows_owner=True)


def connect(page: Page, *, knows_owner: bool) -> None:
    """A device with a fingerprint reader, as long as the page is open."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": knows_owner,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def add_passkey(page: Page, name: str) -> None:
    page.goto("/account/2fa/passkeys/add/")
    page.get_by_label("Name", exact=True).fill(name)
    press(page, "Add passkey")
    expect(page.get_by_text("They will not be shown again.")).to_be_visible()


def forget_proofs(page: Page) -> None:
    """As half an hour later."""
    (key,) = (cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "sessionid")  # type: ignore[typeddict-item]
    session = SessionStore(key)
    session[AUTHENTICATION_METHODS_SESSION_KEY] = []
    session.save()


def test_a_passkey_is_added_signs_in_confirms_and_is_removed(page: Page, device: None, alice: User) -> None:
    arrive(page, alice)
    add_passkey(page, "Work laptop")
    alice.refresh_from_db()
    assert alice.second_factor_at

    sign_out(page)
    press(page, "Sign in with a passkey")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()

    page.goto("/security/")
    forget_proofs(page)
    press(page, "Generate API token")
    expect(page.get_by_text("What you typed is kept.")).to_be_visible()
    press(page, "Confirm with a passkey")
    expect(page.get_by_text("It will not be shown again.")).to_be_visible()
    assert Token.objects.count() == 1

    page.goto("/security/")
    page.get_by_role("link", name="Rename Work laptop").click()
    page.get_by_label("Name", exact=True).fill("Old laptop")
    press(page, "Rename the passkey")
    page.get_by_role("link", name="Remove Old laptop").click()
    expect(page.get_by_text("This is your only second factor.")).to_be_visible()
    press(page, "Remove the passkey")

    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    assert not Authenticator.objects.exists()
    alice.refresh_from_db()
    assert alice.second_factor_at is None
    acts = list(AuditEvent.objects.filter(action__contains="factor").order_by("pk").values_list("action", flat=True))
    assert acts == ["account.second_factor_added", "account.second_factor_removed"]


def test_a_passkey_comes_after_the_password_and_a_stranger_needs_a_code(
    page: Page, device: None, open_page: Callable[[], Page], alice: User
) -> None:
    arrive(page, alice)
    add_passkey(page, "Work laptop")
    sign_out(page)
    stranger = open_page()
    for each in (page, stranger):
        each.goto("/account/login/")
        each.locator("[name=login]").fill(alice.email)
        each.locator("[name=password]").fill(PASSWORD)
        press(each, "Sign in")
        expect(each.get_by_role("heading", name="Confirm your sign-in")).to_be_visible()

    press(page, "Use a passkey")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()

    stranger.get_by_label("Code", exact=True).fill("00000000")
    press(stranger, "Sign in")
    expect(stranger.get_by_text("This code is not right")).to_be_visible()
    stranger.get_by_label("Code", exact=True).fill(recovery_codes(alice)[0])
    press(stranger, "Sign in")
    expect(stranger.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_a_device_that_does_not_know_its_owner_adds_nothing_and_the_page_says_so(page: Page, alice: User) -> None:
    connect(page, knows_owner=False)
    arrive(page, alice)
    page.goto("/account/2fa/passkeys/add/")

    press(page, "Add passkey")

    expect(page.get_by_role("alert")).to_have_text(re.compile("Nothing came from the device"))
    assert not Authenticator.objects.exists()


def test_without_javascript_passkeys_are_not_offered_and_a_code_signs_in(plain_page: Page, alice: User) -> None:
    give_app(alice)
    plain_page.goto("/account/login/")
    expect(plain_page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
    plain_page.locator("[name=login]").fill(alice.email)
    plain_page.locator("[name=password]").fill(PASSWORD)
    press(plain_page, "Sign in")

    plain_page.get_by_label("Code", exact=True).fill(recovery_codes(alice)[0])
    press(plain_page, "Sign in")

    expect(plain_page.get_by_role("heading", name="Dashboard")).to_be_visible()
    plain_page.goto("/account/2fa/passkeys/add/")
    expect(plain_page.locator("noscript p")).to_be_visible()
