"""Views of another project, opened to tokens: plain, in a class, asynchronous, of Ninja and of REST framework.

Each test holds wherever the view stands, alone or behind the middleware: the caller must not see a difference.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import signed_in
from tests.factories import issue
from tokens import lifecycle
from tokens.ledger import ledger
from tokens.lifecycle import Issued
from tokens.models import Token
from tokens.protect import token_required
from tokens.protect.drf import token_authentication
from tokens.protect.ninja import TokenAuth

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
EVERY = {
    "plain": "/plain/monthly",
    "asynchronous": "/plain/search",
    "ninja": "/ninja/monthly",
    "drf": "/drf/monthly",
}
WRITABLE = {
    "plain": "/plain/monthly",
    "class": "/plain/reports/7",
    "ninja": "/ninja/monthly",
    "drf": "/drf/monthly",
}

every_way = pytest.mark.parametrize("path", EVERY.values(), ids=EVERY)
every_writable_way = pytest.mark.parametrize("path", WRITABLE.values(), ids=WRITABLE)


def call(issued: Issued | None, path: str, method: str = "get", **extra: Any) -> HttpResponse:
    headers = {"Authorization": f"Bearer {issued.plaintext}"} if issued else {}
    return getattr(Client(headers=headers), method)(path, **extra)


def assert_refused(response: HttpResponse, status: int, code: str) -> None:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    assert (response.json()["status"], response.json()["code"]) == (status, code)


def counted() -> tuple[int, Counter[str]]:
    """Calls that were let in, and refusals by their code."""
    refusals = Counter[str]()
    for (_, _, code), number in ledger.gathered.refusals.items():
        refusals[code] += number
    return sum(ledger.gathered.calls.values()), refusals


@every_way
def test_a_good_token_is_let_in_for_one_query_and_counted_once(
    place: str, path: str, reader: Issued, django_assert_num_queries: Any
) -> None:
    first = call(reader, place + path)
    assert Token.objects.get().first_used_at is not None

    with django_assert_num_queries(1):
        again = call(reader, place + path)

    assert [first.status_code, again.status_code] == [200, 200]
    assert again["Cache-Control"] == "no-store"
    assert counted() == (2, Counter())


@pytest.mark.parametrize("way", ["plain", "ninja", "drf"])
def test_the_view_knows_who_calls_and_with_which_token(place: str, way: str, reader: Issued, bob: User) -> None:
    client = signed_in_elsewhere(bob)

    response = client.get(place + EVERY[way], headers={"Authorization": f"Token {reader.plaintext}"})

    assert response.json() == {"for": "alice@example.org", "with": "reader"}


def signed_in_elsewhere(user: User) -> Client:
    """A browser with a session, where the site has no page to sign in."""
    client = Client()
    client.force_login(user)
    return client


@every_way
def test_a_session_gives_nothing(place: str, path: str, bob: User) -> None:
    response = signed_in_elsewhere(bob).get(place + path)

    assert_refused(response, 401, "credential_missing")
    assert response["WWW-Authenticate"] == 'Bearer realm="localhost"'


@every_way
@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": "Bearer nonsense"}, 401, "credential_invalid"),
        ({"Authorization": "Basic YTpi"}, 401, "credential_invalid"),
        ({"Authorization": "Bearer a", "X-API-Key": "b"}, 400, "credential_ambiguous"),
    ],
    ids=["unknown", "basic", "two"],
)
def test_a_bad_credential_is_refused_as_on_the_api(
    db: None, place: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    response = Client().get(place + path, headers=headers)

    assert_refused(response, status, code)
    assert 'error="' in response["WWW-Authenticate"]
    assert counted() == (0, Counter())


@every_way
@pytest.mark.parametrize(
    ("befall", "status", "code"),
    [
        (lambda t: lifecycle.revoke(actor=Actor(t.owner), token=t), 401, "token_revoked"),
        (lambda t: Token.objects.update(scope="account:write"), 403, "scope_missing"),
        (lambda t: Token.objects.update(allowed_networks=["198.51.100.0/24"]), 403, "address_denied"),
        (lambda t: User.objects.update(is_active=False), 401, "owner_inactive"),
    ],
    ids=["revoked", "scope", "address", "owner"],
)
def test_a_real_secret_is_refused_with_the_reason_and_counted_as_refused_once(
    place: str, path: str, reader: Issued, befall: Any, status: int, code: str
) -> None:
    befall(reader.token)

    response = call(reader, place + path)

    assert_refused(response, status, code)
    assert response["WWW-Authenticate"].startswith('Bearer realm="localhost", error=')
    assert counted() == (0, Counter({code: 1}))
    assert Token.objects.get().first_used_at is None


@every_writable_way
def test_writing_needs_more_than_reading_and_needs_no_csrf(
    place: str, path: str, reader: Issued, writer: Issued
) -> None:
    refused = call(reader, place + path, "put")
    let_in = Client(enforce_csrf_checks=True).put(place + path, headers={"Authorization": f"Bearer {writer.plaintext}"})

    assert_refused(refused, 403, "scope_missing")
    assert refused.json()["scope"] == "reports:write"
    assert refused["WWW-Authenticate"].endswith('scope="reports:write"')
    assert let_in.status_code == 200


@pytest.mark.parametrize("method", ["head", "options"])
@pytest.mark.parametrize("way", ["plain", "class", "drf"])
def test_head_and_options_only_read(place: str, way: str, method: str, reader: Issued) -> None:
    assert call(reader, place + WRITABLE[way], method).status_code == 200


def test_one_explicit_scope_holds_for_every_method(place: str, reader: Issued) -> None:
    assert call(reader, place + "/plain/search", "post").status_code == 200


@every_way
def test_a_program_is_told_when_its_token_ends(place: str, path: str, alices_license: Any) -> None:
    issued = issue(alices_license, scope="reports:read", expires_at=timezone.now() + timedelta(days=3))

    response = call(issued, place + path)

    assert response["Tokenrack-Token-Expires"].endswith("Z")


@every_way
def test_a_token_that_calls_too_often_waits(place: str, path: str, settings: Any, reader: Issued) -> None:
    settings.API_CALLS_PER_MINUTE = 1
    with time_machine.travel(NOON, tick=False):
        call(reader, place + path)
        response = call(reader, place + path)

    assert_refused(response, 429, "rate_limited")
    assert response["Retry-After"].isdigit()
    assert counted() == (1, Counter({"rate_limited": 1}))


@every_way
def test_an_address_that_guesses_waits(db: None, place: str, path: str, settings: Any) -> None:
    settings.API_REFUSALS_PER_MINUTE = 1
    with time_machine.travel(NOON, tick=False):
        codes = [Client(headers={"Authorization": "Token x"}).get(place + path).json()["code"] for _ in range(2)]

    assert codes == ["credential_invalid", "rate_limited"]


@pytest.mark.parametrize("way", ["plain", "asynchronous", "drf"])
def test_a_site_where_every_page_needs_a_session_lets_tokens_in_all_the_same(
    place: str, way: str, settings: Any, reader: Issued
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]

    assert call(reader, place + EVERY[way]).status_code == 200


def test_what_a_view_says_itself_in_json_stays_as_it_is(place: str, writer: Issued) -> None:
    response = call(writer, place + "/drf/monthly", "delete")

    assert response.status_code == 405
    assert response.json() == {"detail": 'Method "DELETE" not allowed.'}


def test_a_refusal_leaves_the_session_of_a_page_alone(settings: Any, resources: None, alice: User) -> None:
    """Among all the middleware of the product, which would take a person that is gone for a sign-out."""
    client = signed_in(alice)
    settings.ROOT_URLCONF = "reports.urls"

    response = client.get("/plain/monthly")

    assert_refused(response, 401, "credential_missing")
    assert "Clear-Site-Data" not in response
    assert client.session["_auth_user_id"] == str(alice.pk)


@pytest.mark.parametrize("protect", [token_required, TokenAuth, token_authentication])
@pytest.mark.parametrize("needed", ["report", "reports:red", ":read"])
def test_a_misspelt_resource_stops_the_start(resources: None, protect: Any, needed: str) -> None:
    protect("reports")

    with pytest.raises(ImproperlyConfigured, match=needed):
        protect(needed)


def test_the_description_of_a_ninja_api_names_the_scope_of_each_operation(settings: Any, resources: None) -> None:
    settings.ROOT_URLCONF = "reports.urls"
    from reports.ninja_api import api

    description = api.get_openapi_schema()

    scheme = description["components"]["securitySchemes"]["TokenAuth"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    monthly = description["paths"]["/ninja/monthly"]
    assert monthly["get"]["security"] == [{"TokenAuth": ["reports:read"]}]
    assert monthly["put"]["security"] == [{"TokenAuth": ["reports:write"]}]
