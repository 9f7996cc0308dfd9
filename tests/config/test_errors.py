"""The database away, or a statement that makes no sense: the first passes, and callers are told when to come back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from accounts.models import License
from config import urls
from tests.factories import issue
from tokens.lifecycle import Issued

TEXT = "lost with the password in it"


@pytest.fixture
def issued(alices_license: License) -> Issued:
    return issue(alices_license)


def breaking(what: Callable[[], Any]) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        what()
        return HttpResponse()

    return view


def lose() -> None:
    raise OperationalError(TEXT)


def hang_up() -> None:
    raise InterfaceError(TEXT)


def ask_nonsense() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing_that_is_there")


PLACES = {"lost": (lose, 503), "hung-up": (hang_up, 503), "nonsense": (ask_nonsense, 500)}
urlpatterns = [
    *(path(f"{name}/", breaking(what)) for name, (what, _) in PLACES.items()),
    *(path(f"api/v1/{name}", breaking(what)) for name, (what, _) in PLACES.items()),
    *urls.urlpatterns,
]
handler404, handler500 = urls.handler404, urls.handler500
STATUSES = {name: status for name, (_, status) in PLACES.items()}


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_a_page_says_so(name: str, status: int) -> None:
    page = Client(raise_request_exception=False).get(f"/{name}/")

    assert page.status_code == status
    assert page.get("Retry-After") == ("2" if status == 503 else None)
    assert ("We cannot reach our database right now." in page.content.decode()) is (status == 503)
    assert TEXT not in page.content.decode()


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_a_call_is_told_in_a_problem(issued: Issued, name: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {issued.plaintext}"}

    answer = Client(raise_request_exception=False, headers=headers).get(f"/api/v1/{name}")

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Request-Id"]
    assert answer.json()["code"] == ("database_unavailable" if status == 503 else "internal_error")
    assert answer.get("Retry-After") == ("2" if status == 503 else None)


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_the_log_has_one_line_without_what_the_database_said(caplog: pytest.LogCaptureFixture) -> None:
    Client(raise_request_exception=False).get("/lost/")

    assert [record.getMessage() for record in caplog.records] == ["The database cannot be asked: OperationalError"]
    assert caplog.records[0].exc_info is None


def test_a_call_whose_token_cannot_be_asked_for_is_told_so(issued: Issued) -> None:
    def refuse(*asked: object) -> None:
        raise OperationalError(TEXT)

    with connection.execute_wrapper(refuse):
        client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {issued.plaintext}"})
        answer = client.get("/api/v1/me")

    assert answer.status_code == 503
    assert answer.json()["code"] == "database_unavailable"
    assert answer["Request-Id"]
