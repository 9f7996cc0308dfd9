"""HEAD, OPTIONS and Allow, as RFC 9110 has them."""

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts.models import License
from config.wsgi import application
from tests.factories import issue
from tokens.ledger import ledger
from tokens.lifecycle import Issued
from tokens.models import Policy

ME, SELF, TOKENS, DESCRIPTION = "/api/v1/me", "/api/v1/tokens/self", "/api/v1/tokens", "/api/v1/openapi.json"


@pytest.fixture
def script(alices_license: License) -> Client:
    return Client(headers={"Authorization": f"Token {issue(alices_license, scope='account:read').plaintext}"})


def head(script: Client, path: str) -> tuple[HttpResponse, bytes]:
    """Past the test client, which throws the body of such an answer away itself."""
    response = application.get_response(RequestFactory(**script.defaults).head(path))
    return response, response.content


@pytest.mark.parametrize(
    ("path", "status"),
    [(ME, 200), (SELF, 200), (TOKENS, 403), (DESCRIPTION, 200), ("/api/v1/nothing", 404)],
)
def test_head_says_what_get_would_without_the_body(script: Client, path: str, status: int) -> None:
    script.get(path)  # the first use is written
    full = script.get(path)

    response, body = head(script, path)

    assert (response.status_code, body) == (status, b"")
    ours = {"Request-Id", "RateLimit", "RateLimit-Remaining", "RateLimit-Reset", "Content-Security-Policy"}
    assert {name: value for name, value in response.items() if name not in ours} == {
        name: value for name, value in full.items() if name not in ours
    }
    assert int(response["Content-Length"]) == len(full.content) > 0


@pytest.mark.parametrize("authorization", ["", "Token nonsense", "Basic YTpi"])
def test_head_of_a_refusal_has_no_body_either(db: None, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}

    response, body = head(Client(headers=headers), ME)

    assert (response.status_code, body) == (401, b"")
    assert response["WWW-Authenticate"].startswith("Bearer ")
    assert int(response["Content-Length"]) > 0


def test_head_where_nothing_is_read_is_not_allowed(script: Client) -> None:
    response, body = head(script, "/api/v1/tokens/self/rotate")

    assert (response.status_code, response["Allow"], body) == (405, "OPTIONS, POST", b"")


def test_head_is_a_call_that_reads(script: Client) -> None:
    head(script, ME)

    assert sum(ledger.gathered.calls.values()) == 1
    assert not ledger.gathered.written_last


def test_head_of_me_works_while_a_token_awaits_approval(alices_license: License) -> None:
    Policy.objects.create(organization=alices_license.organization, requires_approval=True)
    issued: Issued = issue(alices_license)
    script = Client(headers={"Authorization": f"Token {issued.plaintext}"})

    assert head(script, ME)[0].status_code == script.get(ME).status_code == 200
    assert head(script, SELF)[0].status_code == 403


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (ME, "GET, HEAD, OPTIONS, PATCH"),
        (TOKENS, "GET, HEAD, OPTIONS, POST"),
        ("/api/v1/tokens/self/revoke", "OPTIONS, POST"),
        (DESCRIPTION, "GET, HEAD, OPTIONS"),
    ],
)
@pytest.mark.parametrize("with_token", [True, False])
def test_options_says_what_is_allowed_and_opens_nothing_to_other_origins(
    script: Client, path: str, allowed: str, with_token: bool
) -> None:
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PATCH"}

    response = (script if with_token else Client()).options(path, headers=asking)

    assert (response.status_code, response["Allow"], response.content) == (204, allowed, b"")
    assert not [name for name, _ in response.items() if name.startswith("Access-Control")]
    assert "Content-Type" not in response


def test_options_of_nothing_is_not_found(db: None) -> None:
    assert Client().options("/api/v1/nothing").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "PROPFIND", "x"])
def test_any_other_method_is_told_those_that_are_allowed(script: Client, method: str) -> None:
    response = script.generic(method, DESCRIPTION)

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert response.json()["code"] == "method_not_allowed"
