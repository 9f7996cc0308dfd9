"""Lists with all tokens in one organization: milliseconds and queries of a page, as its administrator sees it."""

import statistics
import time
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import License, Role, User
from tests.benchmarks.stage import SLUG

ROUNDS = 5
PAGES = {
    "Dashboard": "/",
    "API Token Management": "/tokens/",
    "Inventory, newest first": f"/admin/{SLUG}/tokens/",
    "Inventory by name": f"/admin/{SLUG}/tokens/?sort=name",
    "Inventory by last use": f"/admin/{SLUG}/tokens/?sort=used",
    "Inventory by expiry": f"/admin/{SLUG}/tokens/?sort=expiry",
    "Inventory, active": f"/admin/{SLUG}/tokens/?state=active",
    "Inventory, searched for a word": f"/admin/{SLUG}/tokens/?q=job-7",
    "Inventory, searched for nothing there": f"/admin/{SLUG}/tokens/?q=nowhere",
    "Members": f"/admin/{SLUG}/members/",
    "Audit log": f"/admin/{SLUG}/audit/",
}


@dataclass
class Page:
    name: str
    queries: int
    millis: float


def run() -> list[Page]:
    client = signed_in(administrator())
    return [measured(client, name, address) for name, address in PAGES.items()]


def administrator() -> User:
    seat = License.objects.select_related("user").get(organization__slug=SLUG, number="B-1")
    License.objects.filter(pk=seat.pk).update(role=Role.ADMINISTRATOR)
    return seat.user


def signed_in(person: User) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(person, backend="accounts.backend.PeopleBackend")
    return client


def measured(client: Client, name: str, address: str) -> Page:
    assert client.get(address).status_code == 200, address
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return Page(name, len(queries), statistics.median(timed(client, address) for _ in range(ROUNDS)))


def timed(client: Client, address: str) -> float:
    begun = time.perf_counter()
    client.get(address)
    return (time.perf_counter() - begun) * 1000
