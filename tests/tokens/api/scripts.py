"""A script with a token, as tests of the API drive it."""

import json
from typing import Any

from django.test import Client

from accounts.actor import Actor
from accounts.models import License, User
from tests.factories import issue
from tokens import lifecycle
from tokens.lifecycle import Issued


class Script:
    """Calls with the token's text; bodies are JSON."""

    def __init__(self, issued: Issued) -> None:
        self.issued = issued
        self.client = Client(headers={"Authorization": f"Token {issued.plaintext}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("post", path, body, headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("patch", path, body, headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("put", path, body, headers)

    def send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        said = "" if body is None else json.dumps(body)
        return getattr(self.client, method)(f"/api/v1/{path}", said, content_type="application/json", headers=named)


def script_of(license: License, scope: str, **fields: Any) -> Script:
    """With a named token on the license."""
    return Script(issue(license, name=f"script for {scope}", scope=scope, **fields))


def account_script(owner: User) -> Script:
    """With the owner's account token."""
    return Script(lifecycle.regenerate(actor=Actor(owner), owner=owner))


def assert_problem(response: Any, status: int, code: str) -> None:
    assert (response.status_code, response.json().get("code")) == (status, code), response.text
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    assert response.json()["status"] == status


def pointers(response: Any) -> list[str]:
    return [error["pointer"] for error in response.json()["errors"]]
