"""The application that gunicorn serves: pages as Django does them, calls with less around them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import connections
from django.test import RequestFactory
from django.urls import reverse, set_script_prefix

from accounts.models import License, User
from config.application import Application
from tests.factories import issue
from tests.tokens.api.scripts import account_script
from tokens.models import Token

ME = "/api/v1/me"


class Answer:
    def __init__(self, path: str, application: Application | None = None, **environ: str) -> None:
        asked = RequestFactory().get(path, **environ).environ
        self.body = (application or Application())(asked, self.start)

    def start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = status, headers


@pytest.fixture
def signals() -> Iterator[list[str]]:
    heard: list[str] = []

    def begun(**_: Any) -> None:
        heard.append("begun")

    def ended(**_: Any) -> None:
        heard.append("ended")

    request_started.connect(begun)
    request_finished.connect(ended)
    yield heard
    request_started.disconnect(begun)
    request_finished.disconnect(ended)


def test_a_call_is_answered(alices_license: License, one_connection: None, signals: list[str]) -> None:
    answer = Answer(ME, HTTP_AUTHORIZATION=f"Bearer {issue(alices_license).plaintext}")

    headers = dict(answer.headers)
    assert answer.status == "200 OK"
    assert b"".join(answer.body).startswith(b'{"id": ')
    assert headers["Content-Length"] == str(len(b"".join(answer.body)))
    assert headers["Content-Type"] == "application/json"
    assert signals == []


@pytest.mark.parametrize("path", ["/account/login/", "/api/v1/docs", "/healthz"])
def test_around_all_else_django_does_what_it_always_does(
    path: str, db: None, one_connection: None, signals: list[str]
) -> None:
    answer = Answer(path)
    answer.body.close()

    assert answer.status == "200 OK"
    assert signals == ["begun", "ended"]


def test_the_connection_is_looked_at_before_a_call(alices_license: License, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    look = connections["default"]
    monkeypatch.setattr(look, "close_if_unusable_or_obsolete", lambda: looks.append(Token.objects.count()))
    issue(alices_license)

    Answer(ME)

    assert looks == [1]


def test_an_answer_that_streams_is_handed_on_as_it_is(
    alices_license: License, bob: User, one_connection: None, signals: list[str]
) -> None:
    text = account_script(bob).issued.plaintext
    answer = Answer("/api/v1/organization/meridian/audit/export", HTTP_AUTHORIZATION=f"Bearer {text}")

    rows = b"".join(answer.body)
    answer.body.close()

    assert answer.status == "200 OK"
    assert rows
    assert signals == ["ended"]


def test_a_call_that_breaks_is_a_problem_and_is_logged(
    db: None, one_connection: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("tokens.middleware.admit", broken)

    answer = Answer(ME)

    assert answer.status == "500 Internal Server Error"
    assert json.loads(b"".join(answer.body))["code"] == "internal_error"
    assert [record.getMessage() for record in caplog.records] == [f"Internal Server Error: {ME}"]


def test_below_a_path_that_the_server_names_addresses_begin_with_it(
    alices_license: License, one_connection: None
) -> None:
    Answer(ME, SCRIPT_NAME="/rack")

    assert reverse("dashboard") == "/rack/"
    set_script_prefix("/")
