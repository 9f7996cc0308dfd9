"""The pages about the API: Swagger's, under our strict policy, from nobody else's server."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import OpenPage

SCREENS = {
    "desk": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "phone in the dark": {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark", "is_mobile": True},
}


def is_dark(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.classList.contains('dark-mode')"))


@pytest.mark.parametrize("screen", SCREENS)
def test_it_opens_without_a_complaint_and_asks_nobody_else(
    db: None, open_page: OpenPage, site: str, screen: str
) -> None:
    page = open_page(**SCREENS[screen])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).netloc))

    page.goto("/api/v1/docs")
    operation = page.locator("#operations-Account-read_me")
    operation.get_by_role("button").first.click()

    expect(operation.get_by_role("button", name="Try it out")).to_be_visible()
    expect(page).to_have_title("API documentation · Tokenrack")
    assert set(asked) == {urlsplit(site).netloc}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert is_dark(page) == (screen == "phone in the dark")


def test_the_theme_of_the_other_pages_is_kept(db: None, open_page: OpenPage, site: str) -> None:
    page = open_page(color_scheme="light")
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": site}])

    page.goto("/api/v1/docs")

    assert is_dark(page)
