"""The project of docs/in-process.md, in this process: its views away from the middleware, and behind it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import License
from tests.factories import issue
from tokens.lifecycle import Issued

EXAMPLE = Path(__file__).parents[2] / "example"
A_HOSTS_OWN = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
PLACES = {
    "alone": ("reports.urls", A_HOSTS_OWN, ""),
    "behind the middleware": (
        "tests.tokens.protect.behind",
        ["tokens.middleware.TokenMiddleware", *A_HOSTS_OWN],
        "/api",
    ),
}


@pytest.fixture(autouse=True)
def thread_without_loop() -> Iterator[None]:
    """As those have it that serve WSGI. Playwright keeps one in this thread for as long as its browser is open."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture
def resources(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the example opens, and its modules to import."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    settings.TOKEN_RESOURCES = {**settings.TOKEN_RESOURCES, "reports": "Reports of every month"}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, settings: Any, resources: None) -> str:
    """What stands before the path of each view."""
    settings.ROOT_URLCONF, settings.MIDDLEWARE, before = PLACES[request.param]
    return before


@pytest.fixture
def reader(alices_license: License) -> Issued:
    return issue(alices_license, name="reader", scope="reports:read")


@pytest.fixture
def writer(alices_license: License) -> Issued:
    return issue(alices_license, name="writer", scope="reports:write")
