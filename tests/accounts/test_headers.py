"""What every answer tells the browser: pages, calls, files, errors and redirects alike; and the cookies over https."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLResolver, path, reverse
from django.urls.resolvers import RoutePattern

from accounts.models import User
from config import urls
from tests.conftest import signed_in
from tests.factories import PASSWORD

POLICY = {
    "default-src 'none'",
    "object-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Access-Control-Allow-Origin": None,
}
ON_PAGES = EVERYWHERE | {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
ON_CALLS = EVERYWHERE | {"X-Frame-Options": "DENY"}
NOTHING = {"default-src 'none'", "frame-ancestors 'none'"}
ANSWERS = {
    "/account/login/": 200,
    "/profile/": 302,
    "/nowhere/": 404,
    "/admin/\x00/": 404,
    "/broken/": 500,
    "/api/v1/me": 401,
    "/api/v1/openapi.json": 200,
    "/api/v1/docs": 200,
    "/api/v1/nowhere": 404,
    "/favicon.ico": 302,
    "/static/css/app.css": 200,
    "/static/css/nowhere.css": 404,
}
CALLS = {address for address in ANSWERS if address.startswith("/api/") and not address.endswith("/docs")}


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


urlpatterns = [path("broken/", broken), *urls.urlpatterns]
handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture(scope="module")
def loaded() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SITE_URL", "https://testserver")
        return runpy.run_path(str(Path(product.BASE_DIR) / "config" / "settings.py"))


@pytest.fixture
def https(settings: Any, loaded: dict[str, Any]) -> None:
    """The settings of an installation whose address begins with https."""
    for name, value in loaded.items():
        if name.startswith("SECURE_") or name.endswith(("_COOKIE_NAME", "_COOKIE_SECURE")):
            setattr(settings, name, value)


def answer_of(address: str, **how: Any) -> HttpResponse:
    return Client(raise_request_exception=False).get(address, **how)


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("address", "status"), ANSWERS.items())
def test_every_answer_carries_the_headers(settings: Any, address: str, status: int) -> None:
    settings.WHITENOISE_USE_FINDERS = True

    answer = answer_of(address)

    assert answer.status_code == status
    headers, policy = (ON_CALLS, NOTHING) if address in CALLS else (ON_PAGES, POLICY)
    assert {name: answer.headers.get(name) for name in headers} == headers
    assert set(answer.headers["Content-Security-Policy"].split("; ")) == policy
    assert ("no-store" in answer.headers["Cache-Control"]) is (address != "/static/css/app.css")
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("address", "status"), ANSWERS.items())
def test_over_https_every_answer_says_so_for_a_year(https: None, settings: Any, address: str, status: int) -> None:
    settings.WHITENOISE_USE_FINDERS = True

    answer = answer_of(address, secure=True)

    assert answer.status_code == status
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_plain_http_leads_to_https_under_the_same_headers(https: None) -> None:
    answer = answer_of("/account/login/")

    assert answer.headers["Location"] == "https://testserver/account/login/"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_over_https_every_cookie_is_bound_to_the_host(https: None, alice: User) -> None:
    client = Client()
    client.get("/account/login/", secure=True)
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD}, secure=True)
    client.post("/profile/", {"name": "Alice Holm", "time_zone": ""}, secure=True)

    page = client.get("/profile/", secure=True)

    assert set(client.cookies) == {"__Host-session", "__Host-csrf", "__Host-device"}
    for cookie in client.cookies.values():
        facts = (cookie["secure"], cookie["path"], cookie["domain"], cookie["httponly"], cookie["samesite"])
        assert facts == (True, "/", "", True, "Lax"), cookie.key
    assert '<theme-switch cookie="__Host-theme">' in page.content.decode()


def test_the_theme_is_read_from_the_cookie_that_the_switch_writes(db: None) -> None:
    client = Client()
    client.cookies["theme"] = "dark"

    page = client.get("/account/login/").content.decode()

    assert 'data-theme="dark"' in page


@pytest.mark.parametrize(
    "page", ["dashboard", "security", "profile", "tokens", "token-new", "account_email", "mfa_activate_totp"]
)
def test_what_is_private_is_stored_nowhere(alice: User, page: str) -> None:
    answer = signed_in(alice).get(reverse(page))

    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]


def routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    """Those that take only numbers and words; what they name need not be there."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern.pattern, RoutePattern):
            yield re.sub("<int:[a-z_]+>", "1", re.sub("<(str|slug):[a-z_]+>", "meridian", route))


def test_a_form_of_another_site_is_refused_on_every_page(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="accounts.backend.PeopleBackend")
    pages = [f"/{route}" for route in routes(urls.urlpatterns) if not route.startswith(("api/", "django-admin/"))]

    answers = {page: client.post(page, headers={"Origin": "https://evil.example"}).status_code for page in pages}

    assert len(pages) > 50
    assert answers == dict.fromkeys(pages, 403)
