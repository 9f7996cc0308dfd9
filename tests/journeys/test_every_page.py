"""Every page, in the light and in the dark, wide and on a phone, with the longest names that fit."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from axe_playwright_python.base import AXE_SCRIPT
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import seats
from accounts.actor import Actor
from accounts.models import License, User
from tests.accounts.factors import after_password, app_code, give_app
from tests.conftest import signed_in
from tests.factories import PASSWORD, LicenseFactory, OrganizationFactory, UserFactory, invite, issue, service_account
from tests.journeys.conftest import Console
from tokens import lifecycle
from tokens.models import Token

LONG_NAME = ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbau" * 2)[:60]
LONG_PERSON = ("Wolfeschlegelsteinhausenbergerdorff" * 3)[:100]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 800}

# Preloading would write the style sheets into the page, which the policy forbids and the console reports.
AXE = {"resultTypes": ["violations"], "preload": False}
WHAT_A_NARROW_PAGE_MAY_BREAK = [
    "aria-hidden-focus",
    "button-name",
    "empty-table-header",
    "label",
    "link-name",
    "scrollable-region-focusable",
    "target-size",
]


@dataclass
class House:
    """One server with people, tokens and organizations for all tests of this module, and a browser for each person."""

    browser: Browser
    site: str
    pages: dict[str, Page] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    licenses: dict[str, License] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def fill(self) -> None:
        organization = OrganizationFactory(name="Meridian Cartography", slug="meridian")
        alice = self.person("alice", name=LONG_PERSON)
        bob = self.person("bob", name="Bob Reyes")
        self.person("charlie", name="")
        give_app(self.person("dora", name="Dora"))
        license = LicenseFactory(user=alice, organization=organization, allowance=100)
        self.licenses["alice"] = license
        LicenseFactory(user=bob, organization=organization, administrator=True, allowance=100)
        LicenseFactory(user=bob, organization=OrganizationFactory(name="Elsewhere"), administrator=True)
        self.licenses["dana"] = LicenseFactory(organization=organization, user__name="Dana")
        self.fill_rack(license, alice, bob)
        lifecycle.regenerate(actor=Actor(alice), owner=alice)
        seats.deactivate_license(self.licenses["dana"], actor=Actor(bob))
        self.keys["confirm"] = EmailConfirmationHMAC(
            EmailAddress.objects.create(user=alice, email="new@example.org")
        ).key
        self.licenses["robot"] = service_account(organization, LONG_PERSON[::-1])
        invitation = invite(organization, bob, email=f"{'x' * 60}@{'long' * 10}.example", license_name=LONG_NAME)
        self.keys["invitation"] = str(invitation.pk)
        self.keys["invitation_link"] = re.search(r"/invitation/[\w-]+/", str(mail.outbox[-1].body))[0]  # type: ignore[index]
        Client().post("/account/password/reset/", {"email": alice.email})
        self.keys["reset"] = re.search(r"/account/password/reset/key/\S+", str(mail.outbox[-1].body))[0]  # type: ignore[index]

    def fill_rack(self, license: License, alice: User, bob: User) -> None:
        now = timezone.now()
        self.tokens["used"] = issue(license, "used", allowed_networks=["192.0.2.0/24", "2001:db8::/32"]).token
        Token.objects.filter(pk=self.tokens["used"].pk).update(
            first_used_at=now, last_used_at=now, last_used_address="2001:db8:1234:5678:9abc:def0:1234:5678"
        )
        issue(license, "expiring", expires_at=now + timedelta(days=3))
        self.tokens["expired"] = issue(license, "expired").token
        Token.objects.filter(pk=self.tokens["expired"].pk).update(
            created_at=now - timedelta(days=9), expires_at=now - timedelta(days=1)
        )
        for name, actor in {"revoked": alice, "held": bob}.items():
            token = issue(license, name, revoke_on_sign_out=True).token
            self.tokens[name] = lifecycle.revoke(actor=Actor(actor), token=token)
        self.tokens["long"] = issue(license, LONG_NAME, "account:write tokens:read organization:read").token

    def person(self, key: str, **fields: Any) -> User:
        self.users[key] = UserFactory(email=f"{key}@example.org", **fields)
        return self.users[key]

    def browser_of(self, person: str) -> Client:
        user = self.users[person]
        if not user.second_factor_at:
            return signed_in(user)
        client = after_password(user)
        client.post("/account/2fa/authenticate/", {"code": app_code(user)})
        return client

    def page_of(self, person: str) -> Page:
        """Wide and light. Each person keeps one: what it has loaded and compiled, the next look need not."""
        if person not in self.pages:
            context = self.browser.new_context(
                base_url=self.site, locale="en-GB", viewport=WIDE, reduced_motion="reduce"
            )
            if person in self.users:
                cookie = self.browser_of(person).cookies["sessionid"]
                context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.site}])
            self.pages[person] = context.new_page()
        page = self.pages[person]
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        page.emulate_media(color_scheme="light")
        page.mouse.move(0, 0)
        return page


@pytest.fixture(scope="module")
def house(browser: Browser, django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    with django_db_blocker.unblock():
        database = connection.settings_dict
        assert database["NAME"] == database["TEST"]["NAME"], "It is filled and emptied, so it must be the tests' own."
        server = LiveServer("localhost")
        house = House(browser, server.url)
        try:
            house.fill()
            yield house
        finally:
            for page in house.pages.values():
                page.context.close()
            server.stop()
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def db(house: House) -> None:
    """Stands in for pytest-django's: these tests share the rows of the house, instead of a transaction for each.

    That one of them asks for `db` is also how pytest-django knows that there must be a database for the tests.
    """


def at(address: str) -> Callable[[Page, House], None]:
    """Goes to an address, in which {long} and the like stand for the tokens, licenses and keys of the house."""

    def go(page: Page, house: House) -> None:
        numbers = {f"token_{name}": token.pk for name, token in house.tokens.items()}
        numbers |= {f"license_{name}": license.pk for name, license in house.licenses.items()}
        page.goto(address.format(**numbers, **house.keys))

    return go


def then(address: str, *acts: Callable[[Page], None]) -> Callable[[Page, House], None]:
    def go(page: Page, house: House) -> None:
        at(address)(page, house)
        for act in acts:
            act(page)

    return go


def press(name: str, within: str = "main") -> Callable[[Page], None]:
    return lambda page: page.locator(within).get_by_role("button", name=name, exact=True).first.click()


def write(label: str, text: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_label(label, exact=True).fill(text)


def see(find: Callable[[Page], Locator]) -> Callable[[Page], None]:
    return lambda page: expect(find(page)).to_be_visible()


def see_text(text: str) -> Callable[[Page], None]:
    return see(lambda page: page.get_by_text(text).first)


def old_form(page: Page) -> None:
    """A form whose cookie is gone."""
    page.context.clear_cookies()
    page.locator("[name=login]").fill("alice@example.org")
    page.locator("[name=password]").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()


def look_up_by_hint(page: Page, house: House) -> None:
    page.goto("/admin/meridian/leaks/")
    write("Token or hint", house.tokens["long"].hint)(page)
    press("Look up")(page)
    see_text(LONG_NAME)(page)


def ask_to_revoke_what_leaked(page: Page, house: House) -> None:
    look_up_by_hint(page, house)
    page.goto(str(page.locator("main confirm-dialog form").first.get_attribute("action")))
    see_text("never comes back")(page)


def dora_signs_in(page: Page) -> None:
    page.locator("[name=login]").fill("dora@example.org")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


LOOKS: dict[str, tuple[str, Callable[[Page, House], None]]] = {
    # Nobody is signed in.
    "sign in": ("nobody", at("/account/login/")),
    "sign in, refused": (
        "nobody",
        then(
            "/account/login/",
            write("E-mail address", "alice@example.org"),
            write("Password", "wrong"),
            press("Sign in"),
            see(lambda page: page.get_by_role("alert")),
        ),
    ),
    "sign up": ("nobody", at("/account/signup/")),
    "sign up, sent back": (
        "nobody",
        then(
            "/account/signup/",
            write("Name", LONG_PERSON),
            write("E-mail address", "erin@example.org"),
            write("Password", "1234"),
            press("Sign up"),
            see(lambda page: page.locator("[aria-invalid=true]")),
        ),
    ),
    "look in your mailbox": ("nobody", at("/account/confirm-email/")),
    "confirm the address": ("nobody", at("/account/confirm-email/{confirm}/")),
    "confirm the address, dead link": ("nobody", at("/account/confirm-email/dead/")),
    "password reset": ("nobody", at("/account/password/reset/")),
    "password reset, sent": ("nobody", at("/account/password/reset/done/")),
    "password reset, new password": ("nobody", at("{reset}")),
    "password reset, dead link": ("nobody", at("/account/password/reset/key/1-dead/")),
    "password reset, done": ("nobody", at("/account/password/reset/key/done/")),
    "switched off": ("nobody", at("/account/inactive/")),
    "error 404": ("nobody", at("/nowhere/")),
    "error 403, an old form": ("nobody", then("/account/login/", old_form, see_text("This form has grown old"))),
    # Dora has a second factor, and has shown her password.
    "confirm the sign-in": ("nobody", then("/account/login/", dora_signs_in, see_text("Confirm your sign-in"))),
    "Security Settings, two-factor": ("dora", at("/security/")),
    "confirm by a code": ("dora", at("/account/2fa/reauthenticate/")),
    "recovery codes": ("dora", at("/account/2fa/recovery-codes/")),
    "remove the last factor": ("dora", at("/account/2fa/app/remove/")),
    # Somebody without a license.
    "dashboard, no license": ("charlie", at("/")),
    "API Key, none yet": ("charlie", at("/api-key/")),
    "Security Settings, no token": ("charlie", at("/security/")),
    "My Profile, no license": ("charlie", at("/profile/")),
    "API Token Management, no license": ("charlie", at("/tokens/")),
    "Generate New Token, no license": ("charlie", at("/tokens/new/")),
    # A member.
    "dashboard": ("alice", at("/")),
    "dashboard, profile menu": (
        "alice",
        then("/", lambda page: page.locator(".profile").click(), see(lambda page: page.locator("#profile-menu"))),
    ),
    "API Key": ("alice", at("/api-key/")),
    "API Key, question": (
        "alice",
        then("/api-key/", press("Reset Token"), see(lambda page: page.get_by_role("dialog"))),
    ),
    "API Key, question on a page": ("alice", at("/api-key/reset/")),
    "Security Settings": ("alice", at("/security/")),
    "Security Settings, guidance": (
        "alice",
        then(
            "/security/", lambda page: page.locator("summary").click(), see(lambda page: page.locator("#python-code"))
        ),
    ),
    "Security Settings, question on a page": ("alice", at("/security/api-token/regenerate/")),
    "Security Settings, close the account": ("alice", at("/security/close/")),
    "My Profile": ("alice", at("/profile/")),
    "My Profile, sent back": (
        "alice",
        then("/profile/", write("Name", "\u202ename"), press("Save"), see_text("Use visible characters only")),
    ),
    "change e-mail address": ("alice", at("/account/email/")),
    "change password": ("alice", at("/account/password/change/")),
    "confirm that it is you": ("alice", at("/account/reauthenticate/")),
    "set up an authenticator app": ("alice", at("/account/2fa/app/")),
    "add a passkey": ("alice", at("/account/2fa/passkeys/add/")),
    "sign out": ("alice", at("/account/logout/")),
    "API Token Management": ("alice", at("/tokens/")),
    "API Token Management, menu": (
        "alice",
        then(
            "/tokens/",
            lambda page: page.get_by_role("button", name="Actions for used").click(),
            see(lambda page: page.get_by_role("link", name="Revoke", exact=True)),
        ),
    ),
    "Generate New Token": ("alice", at("/tokens/new/")),
    "Generate New Token, sent back": (
        "alice",
        then(
            "/tokens/new/",
            write("Date", "2020-02-29"),
            press("Create Token"),
            see(lambda page: page.get_by_role("alert")),
        ),
    ),
    "token": ("alice", at("/tokens/{token_long}/")),
    "token, used": ("alice", at("/tokens/{token_used}/")),
    "token, expired": ("alice", at("/tokens/{token_expired}/")),
    "token, revoked": ("alice", at("/tokens/{token_revoked}/")),
    "token, held by an administrator": ("alice", at("/tokens/{token_held}/")),
    "token, question": (
        "alice",
        then("/tokens/{token_long}/", press("Revoke"), see(lambda page: page.get_by_role("dialog"))),
    ),
    "token, edit": ("alice", at("/tokens/{token_long}/edit/")),
    "token, revoke": ("alice", at("/tokens/{token_long}/revoke/")),
    "token, re-approve": ("alice", at("/tokens/{token_revoked}/re-approve/")),
    "token, seen again after it was made": ("alice", at("/tokens/{token_long}/created/")),
    "token, in use": ("alice", at("/tokens/{token_used}/created/")),
    "error 404, signed in": ("alice", at("/tokens/999999/")),
    # An administrator.
    "dashboard, Admin tile": (
        "bob",
        then(
            "/",
            lambda page: page.get_by_role("button", name=re.compile("^Admin")).click(),
            see(lambda page: page.locator("#admin-menu")),
        ),
    ),
    "Admin, choose": ("bob", at("/admin/")),
    "Admin, API Tokens": ("bob", at("/admin/meridian/tokens/")),
    "Admin, API Tokens, nothing found": ("bob", at("/admin/meridian/tokens/?q=nothing-is-called-so")),
    "Admin, Create API Token": ("bob", at("/admin/meridian/tokens/new/")),
    "Admin, Create API Token, sent back": (
        "bob",
        then("/admin/meridian/tokens/new/", press("Create", "dialog"), see(lambda page: page.locator(".error"))),
    ),
    "Admin, token": ("bob", at("/admin/meridian/tokens/{token_long}/")),
    "Admin, token, revoke": ("bob", at("/admin/meridian/tokens/{token_long}/revoke/")),
    "Admin, token, re-approve": ("bob", at("/admin/meridian/tokens/{token_held}/re-approve/")),
    "Admin, Members and licenses": ("bob", at("/admin/meridian/members/")),
    "Admin, Members, question": (
        "bob",
        then(
            "/admin/meridian/members/",
            lambda page: page.get_by_role("button", name=f"Deactivate {LONG_PERSON}").click(),
            see(lambda page: page.get_by_role("dialog")),
        ),
    ),
    "Admin, Members, nothing found": ("bob", at("/admin/meridian/members/?q=nobody-is-called-so")),
    "Admin, Members, deactivate": ("bob", at("/admin/meridian/members/{license_alice}/deactivate/")),
    "Admin, Members, reactivate": ("bob", at("/admin/meridian/members/{license_dana}/reactivate/")),
    "Admin, Members, withdraw": ("bob", at("/admin/meridian/members/{license_alice}/withdraw/")),
    "Admin, Members, invite": ("bob", at("/admin/meridian/members/invite/")),
    "Admin, Members, invite, sent back": (
        "bob",
        then("/admin/meridian/members/invite/", press("Invite"), see(lambda page: page.locator("[aria-invalid=true]"))),
    ),
    "Admin, Members, resend": ("bob", at("/admin/meridian/members/invitations/{invitation}/resend/")),
    "Admin, Members, create service account": ("bob", at("/admin/meridian/members/service-accounts/new/")),
    "Admin, member": ("bob", at("/admin/meridian/members/{license_alice}/")),
    "Admin, service account": ("bob", at("/admin/meridian/members/{license_robot}/")),
    "My Profile, leave": ("alice", at("/profile/licenses/{license_alice}/leave/")),
    "invitation": ("stranger", at("{invitation_link}")),
    "invitation, for somebody else": ("charlie", at("{invitation_link}")),
    "invitation, closed, error 404": ("nobody", at("/invitation/made-up/")),
    "Admin, Audit log": ("bob", at("/admin/meridian/audit/")),
    "Admin, Audit log, nothing found": ("bob", at("/admin/meridian/audit/?q=nothing-is-called-so")),
    "Admin, Leak desk, faulty": (
        "bob",
        then("/admin/meridian/leaks/", press("Look up"), see(lambda page: page.locator(".error"))),
    ),
    "Admin, Leak desk, found": ("bob", look_up_by_hint),
    "Admin, Leak desk, revoke": ("bob", ask_to_revoke_what_leaked),
    # The pages that show a plaintext; each makes a new token, so they come last.
    "token, made just now": (
        "alice",
        then(
            "/tokens/new/",
            write("Name", LONG_NAME[::-1]),
            press("Create Token"),
            see(lambda page: page.locator("secret-field")),
            press("Show token"),
        ),
    ),
    "API Key, made just now": (
        "alice",
        then(
            "/api-key/",
            press("Reset Token"),
            press("Reset Token", "dialog"),
            see(lambda page: page.locator("secret-field")),
            press("Show token"),
        ),
    ),
    "Security Settings, made just now": (
        "alice",
        then(
            "/security/",
            press("Regenerate API token"),
            press("Regenerate API token", "dialog"),
            see(lambda page: page.locator("secret-field")),
            press("Show token"),
        ),
    ),
    "Admin, token made just now": (
        "bob",
        then(
            "/admin/meridian/tokens/new/",
            write("Token Name", LONG_NAME),
            press("Create", "dialog"),
            see(lambda page: page.locator("secret-field")),
            press("Show token", "dialog"),
        ),
    ),
}


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest, db: None, house: House, console: Console) -> Iterator[Page]:
    """One page as one person sees it; its console must be clean, and so must the walk there."""
    person, go = LOOKS[request.param]
    console.allow(*(int(status) for status in re.findall(r"error (\d+)", request.param)))
    page = house.page_of(person)
    console.hear(page)
    go(page, house)
    yield page
    console.leave(page)


def violations(page: Page, **options: Any) -> list[str]:
    """What axe finds. Bringing it to a page, once, and taking results from it cost more than its search."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("options => axe.run(options).then(results => results.violations)", AXE | options)
    return [f"{each['help']}: {node['html']}" for each in found for node in each["nodes"]]


def widest(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth")


def test_it_is_accessible_and_fits_in_the_light_in_the_dark_and_on_a_phone(look: Page) -> None:
    found = {"light": violations(look)}

    look.emulate_media(color_scheme="dark")
    look.evaluate("Promise.allSettled(document.getAnimations().map(animation => animation.finished))")
    found["dark"] = violations(look, runOnly=["color-contrast"])
    look.set_viewport_size(PHONE)  # type: ignore[arg-type]
    found["on a phone"] = violations(look, runOnly=WHAT_A_NARROW_PAGE_MAY_BREAK)
    width = widest(look)

    assert found == {"light": [], "dark": [], "on a phone": []}
    assert width <= PHONE["width"]


@pytest.mark.parametrize(
    ("person", "address"),
    [
        ("alice", "/"),
        ("alice", "/security/"),
        ("alice", "/tokens/"),
        ("alice", "/account/password/change/"),
        ("bob", "/admin/meridian/tokens/"),
        ("nobody", "/nowhere/"),
    ],
)
def test_the_first_tab_reaches_the_skip_link_and_it_leads_to_the_content(
    db: None, house: House, console: Console, person: str, address: str
) -> None:
    console.allow(404)
    page = house.page_of(person)
    console.hear(page)
    page.goto(address)

    page.keyboard.press("Tab")

    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box
    assert min(box["width"], box["height"]) > 10
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    console.leave(page)
