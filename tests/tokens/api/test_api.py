"""The endpoints, and what an API answers to requests that it cannot serve."""

import json
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client

from accounts.actor import SYSTEM
from accounts.models import AuditEvent, License, User
from tests.factories import LicenseFactory, issue
from tests.tokens.api.scripts import assert_problem
from tokens import lifecycle

ME = "/api/v1/me"


@pytest.fixture
def script(alices_license: License) -> Client:
    """A script of Alice's that may change her account."""
    text = issue(alices_license, scope="account:write").plaintext
    return Client(headers={"Authorization": f"Token {text}"})


def patch(script: Client, body: object, **extra: object) -> HttpResponse:
    text = body if isinstance(body, str) else json.dumps(body)
    return script.patch(ME, text, content_type="application/json", **extra)


def test_me_is_the_owner_of_the_token(script: Client, alice: User) -> None:
    assert script.get(ME).json() == {"id": alice.pk, "email": "alice@example.org", "name": "Alice Holm"}


def test_the_name_is_changed_and_the_audit_log_says_what_it_was(script: Client, alice: User) -> None:
    response = patch(script, {"name": "Alice Reyes"})

    assert response.status_code == 200
    assert response.json()["name"] == "Alice Reyes"
    alice.refresh_from_db()
    assert alice.name == "Alice Reyes"
    event = AuditEvent.objects.get(action="account.edited")
    assert (event.actor, event.subject) == (alice, alice)
    assert event.details == {"changes": {"name": ["Alice Holm", "Alice Reyes"]}}


def test_the_audit_log_says_by_which_token_the_account_was_changed(script: Client) -> None:
    patch(script, {"name": "Alice Reyes"})

    event = AuditEvent.objects.get(action="account.edited")
    assert event.token_name == "nightly-export"
    assert event.token_hint


def test_the_same_name_again_is_no_change(script: Client) -> None:
    assert patch(script, {"name": "Alice Holm"}).status_code == 200

    assert not AuditEvent.objects.filter(action="account.edited").exists()


def test_reading_is_not_changing(alices_license: License, alice: User) -> None:
    text = issue(alices_license, scope="account:read").plaintext
    script = Client(headers={"Authorization": f"Token {text}"})

    response = patch(script, {"name": "Alice Reyes"})

    assert_problem(response, 403, "scope_missing")
    assert response.json()["scope"] == "account:write"
    alice.refresh_from_db()
    assert alice.name == "Alice Holm"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "Alice", "email": "mallory@example.org"}, "/email"),
        ({"name": "Alice", "is_staff": True}, "/is_staff"),
        ({}, "/name"),
        ({"name": None}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"name": "Ali\x00ce"}, "/name"),
        ({"name": "Ali\nce"}, "/name"),
        ({"name": "Ali\u202ece"}, "/name"),
        ({"name": "\ud800"}, "/name"),
    ],
    ids=ascii,
)
def test_what_is_not_valid_is_refused_with_the_place_and_changes_nothing(
    script: Client, alice: User, body: dict[str, object], pointer: str
) -> None:
    response = patch(script, body)

    assert_problem(response, 422, "invalid_request")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert all(error["detail"] for error in response.json()["errors"])
    alice.refresh_from_db()
    assert (alice.name, alice.email, alice.is_staff) == ("Alice Holm", "alice@example.org", False)


@pytest.mark.parametrize("body", ["{", "{'name': 'Alice'}", '{"name": "Alice"} x', "\x00"], ids=ascii)
def test_what_is_no_json_is_a_bad_request(script: Client, body: str) -> None:
    assert_problem(patch(script, body), 400, "bad_request")


@pytest.mark.parametrize("body", ["", "[]", '"name"', "7", "null"])
def test_a_body_that_is_no_object_is_not_valid(script: Client, body: str) -> None:
    assert_problem(patch(script, body), 422, "invalid_request")


def test_a_body_that_is_too_large_is_refused(script: Client, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    assert patch(script, {"name": "Alice"}).status_code == 200
    response = patch(script, {"name": "x" * 1000})

    assert 400 <= response.status_code < 500
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("post", ME, {"GET", "HEAD", "OPTIONS", "PATCH"}),
        ("delete", ME, {"GET", "HEAD", "OPTIONS", "PATCH"}),
        ("put", "/api/v1/tokens/self", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_another_method_is_answered_with_those_that_are_allowed(
    script: Client, method: str, path: str, allowed: set[str]
) -> None:
    response = getattr(script, method)(path)

    assert_problem(response, 405, "method_not_allowed")
    assert set(response["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing", "/api/v1/me/", "/api/v2/me", "/api/\x00"])
@pytest.mark.parametrize("with_token", [True, False])
def test_an_unknown_path_is_not_found_in_the_words_of_the_api(script: Client, path: str, with_token: bool) -> None:
    assert_problem((script if with_token else Client()).get(path), 404, "not_found")


def test_a_host_that_is_not_ours_is_a_bad_request(script: Client) -> None:
    assert_problem(script.get(ME, headers={"Host": "evil.example"}), 400, "bad_request")


@pytest.mark.django_db(transaction=True)
def test_a_change_that_cannot_be_put_in_the_audit_log_does_not_happen(script: Client, alice: User) -> None:
    def refuse_audit(execute, sql, params, many, context):
        if sql.startswith('INSERT INTO "accounts_auditevent"'):
            raise DatabaseError("The disk is full.")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse_audit), pytest.raises(DatabaseError, match="disk is full"):
        patch(script, {"name": "Alice Reyes"})

    alice.refresh_from_db()
    assert alice.name == "Alice Holm"


def test_something_that_broke_is_a_problem_too_and_tells_nothing(script: Client) -> None:
    def break_down(execute, sql, params, many, context):
        raise RuntimeError("secret detail")

    script.raise_request_exception = False
    with connection.execute_wrapper(break_down):
        response = script.get(ME)

    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert "secret detail" not in response.text


def test_a_named_token_can_read_itself(alices_license: License) -> None:
    expires_at = datetime(2100, 1, 1, tzinfo=UTC)
    issued = issue(alices_license, scope="tokens:write account:read", expires_at=expires_at)

    response = Client().get("/api/v1/tokens/self", headers={"Authorization": f"Bearer {issued.plaintext}"})

    facts = response.json()
    assert facts.pop("created_at")
    assert {name: value for name, value in facts.items() if value is not None} == {
        "id": issued.token.pk,
        "name": "nightly-export",
        "hint": issued.token.hint,
        "scopes": ["account:read", "tokens:write"],
        "license": "ST-20417",
        "organization": "meridian",
        "state": "active",
        "allowed_networks": [],
        "revoke_on_sign_out": False,
        "expires_at": "2100-01-01T00:00:00Z",
    }
    assert issued.plaintext not in response.text


def test_a_token_without_license_or_organization_reads_itself_too(alice: User) -> None:
    account = lifecycle.regenerate(actor=SYSTEM, owner=alice).plaintext
    individual = issue(LicenseFactory(user=alice, individual=True, number="IN-1")).plaintext

    answers = [
        Client().get("/api/v1/tokens/self", headers={"Authorization": f"Token {text}"}).json()
        for text in (account, individual)
    ]

    assert [(answer["license"], answer["organization"]) for answer in answers] == [(None, None), ("IN-1", None)]
    assert answers[0]["scopes"] == ["account:write", "introspect:write", "organization:write", "tokens:write"]


def test_the_api_describes_itself_to_anybody(db: None) -> None:
    response = Client().get("/api/v1/openapi.json")

    assert response.status_code == 200
    description = response.json()
    assert description["openapi"].startswith("3.1")
    assert description["info"]["title"] == "Tokenrack"


def test_the_api_documents_itself_to_anybody(db: None) -> None:
    response = Client().get("/api/v1/docs")

    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
