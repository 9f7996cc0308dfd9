"""A real browser before a real server: pages whose console must stay clean, a phone, one without JavaScript."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import HttpRequest, HttpResponse
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, expect, sync_playwright

from accounts.models import User
from tests.conftest import signed_in
from tests.factories import PASSWORD
from tests.waiting import PATIENCE_SECONDS

# Playwright keeps an event loop in this thread, which makes Django think that the tests are asynchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
WAIT_MS = PATIENCE_SECONDS * 1000
expect.set_options(timeout=WAIT_MS)

OpenPage = Callable[..., Page]
Call = Callable[..., httpx.Response]


@dataclass
class Console:
    """All that the browser complained of. A test that means to meet an error says so with `allow`."""

    lines: list[str] = field(default_factory=list)
    allowed: set[int] = field(default_factory=set)

    def allow(self, *statuses: int) -> None:
        self.allowed.update(statuses)

    def hear(self, page: Page) -> None:
        page.on("console", self.note)
        page.on("pageerror", self.note_error)

    def leave(self, page: Page) -> None:
        page.remove_listener("console", self.note)
        page.remove_listener("pageerror", self.note_error)

    def note(self, message: ConsoleMessage) -> None:
        """Chromium reports that it emptied its cache at a sign-out, which is no complaint."""
        if message.type == "info" and message.text.startswith("Clear-Site-Data header on "):
            return
        self.lines.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def note_error(self, error: Error) -> None:
        self.lines.append(f"uncaught: {error}")

    @property
    def complaints(self) -> list[str]:
        return [line for line in self.lines if not self.is_allowed(line)]

    def is_allowed(self, line: str) -> bool:
        found = re.match(r"error: Failed to load resource: .* status of (\d+)", line)
        return bool(found) and int(found[1]) in self.allowed


@pytest.fixture(scope="session", autouse=True)
def kept_files() -> Iterator[None]:
    """Style sheets and scripts are fetched once by each browser, as in the field, where their names carry hashes.

    The server finds and reads each of them once for all browsers.
    """
    serve = StaticFilesHandler.serve
    kept: dict[str, tuple[bytes, str]] = {}

    def serve_to_keep(self: StaticFilesHandler, request: HttpRequest) -> HttpResponse:
        if request.path not in kept:
            found = serve(self, request)
            kept[request.path] = b"".join(found.streaming_content), found["Content-Type"]
        content, content_type = kept[request.path]
        return HttpResponse(content, content_type=content_type, headers={"Cache-Control": "max-age=600"})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "serve", serve_to_keep)
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES.split())
        yield browser
        browser.close()


@pytest.fixture
def site(live_server: Any, settings: Any) -> str:
    """The address of the running server, which the pages know as their own."""
    settings.SITE_URL = live_server.url
    return live_server.url


@pytest.fixture
def console() -> Iterator[Console]:
    console = Console()
    yield console
    assert console.complaints == []


@pytest.fixture
def open_page(browser: Browser, site: str, console: Console) -> Iterator[OpenPage]:
    """Opens a browser of its own for one more person: no cookie is shared with the others."""
    contexts: list[BrowserContext] = []

    def opened(**options: Any) -> Page:
        context = browser.new_context(
            base_url=site, permissions=["clipboard-read", "clipboard-write"], locale="en-GB", **options
        )
        context.set_default_timeout(WAIT_MS)
        context.on("page", console.hear)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


@pytest.fixture
def phone(open_page: OpenPage) -> Page:
    return open_page(viewport={"width": 375, "height": 800}, has_touch=True, is_mobile=True)


@pytest.fixture
def plain_page(open_page: OpenPage) -> Page:
    return open_page(java_script_enabled=False)


@pytest.fixture
def call(site: str) -> Iterator[Call]:
    """Calls the server as a script would: a path, and the headers it sends."""
    with httpx.Client(base_url=site, trust_env=False) as client:

        def called(path: str, headers: dict[str, str]) -> httpx.Response:
            return client.get(path, headers=headers)

        yield called


def sign_in(page: Page, user: User) -> None:
    page.goto("/account/login/")
    page.locator("[name=login]").fill(user.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def arrive(page: Page, user: User) -> None:
    """The same without the pages, for walks that begin further on: a sign-in of this moment, as a cookie."""
    cookie = signed_in(user).cookies["sessionid"]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "domain": "localhost", "path": "/"}])


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("profile menu")).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("[name=login]")).to_be_visible()


# It says so for two seconds, which a busy machine may look away for.
LISTEN = """button => {
  const note = () => button.textContent.includes("Copied") && button.toggleAttribute("data-said", true);
  document.querySelectorAll("[data-said]").forEach((former) => former.removeAttribute("data-said"));
  new MutationObserver(note).observe(button, { characterData: true, childList: true, subtree: true });
}"""


def copied(scope: Locator, name: str = "Copy") -> str:
    """What the clipboard holds after the button was pressed, and said so."""
    expect(scope.locator("copy-button[copied]")).to_have_count(0)
    button = scope.get_by_role("button", name=name, exact=True)
    button.evaluate(LISTEN)
    button.click()
    expect(scope.locator("button[data-said]")).to_have_count(1)
    return scope.page.evaluate("navigator.clipboard.readText()")
