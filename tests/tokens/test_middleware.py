"""The door of the API, called as scripts call it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import License, User
from tests.conftest import signed_in
from tests.factories import issue
from tokens import format, hashing, lifecycle
from tokens.ledger import ledger
from tokens.lifecycle import Issued
from tokens.models import Token

ME, SELF = "/api/v1/me", "/api/v1/tokens/self"
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def call(text: str, path: str = SELF, *, client: Client | None = None, **extra: object) -> HttpResponse:
    return (client or Client()).get(path, headers={"Authorization": f"Token {text}"}, **extra)


def assert_problem(response: HttpResponse, status: int, code: str) -> None:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    problem = response.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, "about:blank")
    assert problem["title"]


def test_a_good_token_is_let_in_and_says_who_calls(issued: Issued) -> None:
    response = call(issued.plaintext, ME)

    assert response.status_code == 200
    assert response.json()["email"] == "alice@example.org"
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["api-token", "X-API-Key"])
def test_a_token_in_an_extra_header_is_let_in(issued: Issued, name: str) -> None:
    assert Client().get(ME, headers={name: issued.plaintext}).status_code == 200


def test_an_account_token_is_let_in_everywhere(alice: User) -> None:
    text = lifecycle.regenerate(actor=SYSTEM, owner=alice).plaintext

    assert [call(text, path).status_code for path in (ME, SELF)] == [200, 200]


def test_without_a_credential_the_answer_is_a_bare_challenge(db: None) -> None:
    response = Client().get(ME)

    assert_problem(response, 401, "credential_missing")
    assert response["WWW-Authenticate"] == 'Bearer realm="localhost"'


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Token"},
        {"Authorization": "Token nonsense"},
        {"Authorization": f"Token {format.generate('trk_')}"},
        {"Authorization": f"Token {format.generate('trk_')[:-6]}000000"},
        {"Authorization": f"Token {'0123456789abcdef' * 2}01234567"},
        {"X-API-Key": "nonsense"},
    ],
    ids=["basic", "empty", "nonsense", "unknown", "checksum", "another product's", "extra header"],
)
def test_whoever_lacks_the_real_secret_gets_one_identical_answer(issued: Issued, headers: dict[str, str]) -> None:
    response = Client().get(ME, headers=headers)

    assert_problem(response, 401, "credential_invalid")
    assert response.json() == call("anything else", ME).json()
    assert response["WWW-Authenticate"] == (
        'Bearer realm="localhost", error="invalid_token", error_description="The credential is not a valid token."'
    )


def test_two_credentials_are_one_too_many(issued: Issued) -> None:
    response = call(issued.plaintext, client=Client(headers={"X-API-Key": issued.plaintext}))

    assert_problem(response, 400, "credential_ambiguous")
    assert 'error="invalid_request"' in response["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda t: lifecycle.revoke(actor=Actor(t.owner), token=t), 401, "token_revoked"),
        (lambda t: Token.objects.update(created_at=MORNING, expires_at=t.created_at), 401, "token_expired"),
        (lambda t: User.objects.update(is_active=False), 401, "owner_inactive"),
        (lambda t: License.objects.update(deactivated_at=MORNING), 401, "license_inactive"),
        (lambda t: Token.objects.update(allowed_networks=["198.51.100.0/24"]), 403, "address_denied"),
    ],
    ids=["revoked", "expired", "owner off", "license off", "elsewhere"],
)
def test_a_token_that_stopped_is_refused_on_the_next_call_with_the_reason(
    issued: Issued, change, status: int, code: str
) -> None:
    assert call(issued.plaintext).status_code == 200
    with time_machine.travel(MORNING, tick=False):
        change(issued.token)

    response = call(issued.plaintext)

    assert_problem(response, status, code)
    assert response["WWW-Authenticate"].startswith('Bearer realm="localhost", error="invalid_token"')


def test_a_missing_scope_is_named_in_body_and_challenge(alices_license: License) -> None:
    text = issue(alices_license, scope="tokens:write").plaintext

    response = call(text, ME)

    assert_problem(response, 403, "scope_missing")
    assert response.json()["scope"] == "account:read"
    assert 'error="insufficient_scope"' in response["WWW-Authenticate"]
    assert response["WWW-Authenticate"].endswith('scope="account:read"')


def test_a_repeated_call_costs_exactly_one_query(issued: Issued, django_assert_num_queries) -> None:
    call(issued.plaintext, ME)

    with django_assert_num_queries(1):
        assert call(issued.plaintext, ME).status_code == 200
    with django_assert_num_queries(1):
        assert call(issued.plaintext, SELF).status_code == 200


@pytest.mark.parametrize("path", [ME, SELF])
def test_a_session_cookie_gives_nothing_on_the_api(alice: User, path: str, django_assert_num_queries) -> None:
    client = signed_in(alice)

    with django_assert_num_queries(0):
        response = client.get(path)

    assert_problem(response, 401, "credential_missing")
    assert not response.cookies


def test_the_token_decides_who_calls_whoever_is_signed_in(issued: Issued, bob: User) -> None:
    response = call(issued.plaintext, ME, client=signed_in(bob))

    assert response.json()["email"] == "alice@example.org"


@pytest.mark.parametrize("path", ["/", "/security/", "/tokens/", "/admin/", "/django-admin/"])
def test_a_token_gives_nothing_on_pages(bob: User, path: str) -> None:
    text = lifecycle.regenerate(actor=SYSTEM, owner=bob).plaintext

    response = call(text, path)

    assert response.status_code == 302
    assert "/login/?next=" in response["Location"]
    assert Token.objects.get().last_used_at is None


def test_a_token_that_is_not_good_does_not_disturb_a_page(db: None) -> None:
    assert call("nonsense", "/").status_code == 302


def test_the_first_use_is_written_at_once_and_the_last_with_the_ledger(issued: Issued) -> None:
    def last_use() -> tuple[datetime | None, str | None]:
        token = Token.objects.get()
        return token.last_used_at, token.last_used_address

    start = timezone.now().replace(microsecond=0) + timedelta(minutes=5)
    with time_machine.travel(start, tick=False) as clock:
        call(issued.plaintext, REMOTE_ADDR="192.0.2.7")
        assert last_use() == (start, "192.0.2.7")

        clock.shift(59)
        call(issued.plaintext, REMOTE_ADDR="192.0.2.8")
        assert last_use() == (start, "192.0.2.7")

        ledger.flush()
        assert last_use() == (start + timedelta(seconds=59), "192.0.2.8")


def test_a_refused_call_is_no_use(issued: Issued) -> None:
    lifecycle.revoke(actor=SYSTEM, token=issued.token)

    call(issued.plaintext)

    assert Token.objects.get().last_used_at is None


def test_a_token_met_with_an_old_pepper_is_redigested_in_passing(settings, issued: Issued) -> None:
    """So that an old pepper can be dropped one day."""
    settings.TOKEN_PEPPERS = {**settings.TOKEN_PEPPERS, 2: b"two" * 11}

    assert call(issued.plaintext).status_code == 200

    token = Token.objects.get()
    assert token.pepper == 2
    assert bytes(token.digest) == hashing.digest(issued.plaintext, 2)


def test_a_token_that_calls_too_often_is_told_when_to_come_back(settings, alices_license: License) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    eager, calm = (issue(alices_license, name=name).plaintext for name in ("eager", "calm"))
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert [call(eager).status_code for _ in range(3)] == [200] * 3
        clock.shift(20)

        response = call(eager)

        assert_problem(response, 429, "rate_limited")
        assert response["Retry-After"] == "40"
        assert "WWW-Authenticate" not in response
        assert call(calm).status_code == 200


def test_a_token_that_waited_is_let_in_again(settings, issued: Issued) -> None:
    settings.API_CALLS_PER_MINUTE = 1
    with time_machine.travel(timezone.now(), tick=False) as clock:
        call(issued.plaintext)
        wait = int(call(issued.plaintext)["Retry-After"])

        clock.shift(wait)

        assert call(issued.plaintext).status_code == 200
