"""A proxy asks whether to let a call through to another site."""

import json
import logging
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import License, Organization, User
from tests.calls import HOME
from tests.factories import LicenseFactory, issue, service_account
from tests.tokens.scenes import DAY
from tokens import lifecycle
from tokens.ledger import ledger
from tokens.lifecycle import Issued
from tokens.models import Policy, RefusalDay, Token, TokenDay

PATH = "/api/v1/forward-auth"
READ = {"X-Original-Method": "GET"}


@pytest.fixture(autouse=True)
def behind_a_proxy(settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    settings.TOKEN_RESOURCES = settings.TOKEN_RESOURCES | {"reports": "Reports"}


@pytest.fixture
def reader(alices_license: License) -> Issued:
    return issue(alices_license, name="reader", scope="reports:read")


@pytest.fixture
def writer(alices_license: License) -> Issued:
    return issue(alices_license, name="writer", scope="reports:write")


def ask(
    issued: Issued | None, query: str = "resource=reports", *, by: str = "GET", address: str = HOME, **headers: str
) -> Any:
    """As a proxy does: by a method of its own, with what the caller sent and what the proxy says of the call."""
    credential = {"Authorization": f"Bearer {issued.plaintext}"} if issued else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    client = Client(headers=credential | named | {"X-Forwarded-For": address})
    return client.generic(by, f"{PATH}?{query}")


def outcome(answer: Any) -> str:
    if answer.status_code in {200, 204}:
        assert answer.content == b""
        return "let through"
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()["code"]


def test_a_good_token_is_let_through_with_who_calls(reader: Issued) -> None:
    answer = ask(reader, X_Original_Method="GET")

    assert answer.status_code == 204
    assert {name: value for name, value in answer.items() if name.startswith("X-Auth-")} == {
        "X-Auth-User": str(reader.token.owner_id),
        "X-Auth-Organization": "meridian",
        "X-Auth-Scopes": "reports:read",
        "X-Auth-Token-Id": str(reader.token.pk),
    }
    assert answer["Cache-Control"] == "no-store"


def test_who_is_in_no_organization_is_named_without_one(alice: User) -> None:
    account = lifecycle.regenerate(actor=SYSTEM, owner=alice)

    answer = ask(account)

    assert answer["X-Auth-Organization"] == ""
    assert "reports:write" in answer["X-Auth-Scopes"].split()


def test_without_a_token_nobody_is_let_through(db: None) -> None:
    answer = ask(None, X_Original_Method="GET")

    assert (answer.status_code, outcome(answer)) == (401, "credential_missing")
    assert answer["WWW-Authenticate"].startswith("Bearer ")
    assert json.loads(answer["X-Auth-Problem"]) == answer.json()


def test_what_the_middleware_refuses_is_told_in_the_header_too(reader: Issued) -> None:
    lifecycle.revoke(actor=SYSTEM, token=reader.token)

    answer = ask(reader, X_Original_Method="GET")

    assert outcome(answer) == json.loads(answer["X-Auth-Problem"])["code"] == "token_revoked"


@pytest.mark.parametrize(
    ("by", "headers", "query", "proxies", "allowed"),
    [
        ("GET", {"X_Original_Method": "GET"}, "", 1, True),
        ("GET", {"X_Original_Method": "HEAD"}, "", 1, True),
        ("GET", {"X_Forwarded_Method": "OPTIONS"}, "", 1, True),
        ("GET", {"X_Original_Method": "GET", "X_Forwarded_Method": "GET"}, "", 1, True),
        ("GET", {"X_Original_Method": "POST"}, "", 1, False),
        ("GET", {"X_Forwarded_Method": "DELETE"}, "", 1, False),
        ("GET", {"X_Original_Method": "GET", "X_Forwarded_Method": "POST"}, "", 1, False),
        ("GET", {"X_Original_Method": "POST", "X_Forwarded_Method": "GET"}, "", 1, False),
        ("POST", {"X_Original_Method": "GET", "X_Forwarded_Method": "GET"}, "", 1, False),
        ("GET", {"X_Original_Method": "GET, POST"}, "", 1, False),
        ("GET", {"X_Original_Method": "get"}, "", 1, False),
        ("GET", {"X_Original_Method": ""}, "", 1, False),
        ("GET", {"X_HTTP_Method_Override": "GET"}, "", 1, False),
        ("GET", {}, "", 1, False),
        ("GET", {"X_Original_Method": "GET"}, "", 0, False),
        ("GET", {}, "&method=own", 1, True),
        ("GET", {}, "&method=own", 0, True),
        ("PATCH", {}, "&method=own", 1, False),
        ("DELETE", {"X_Original_Method": "GET"}, "&method=own", 1, False),
        ("GET", {"X_Original_Method": "POST"}, "&method=own", 0, False),
    ],
)
def test_reading_is_enough_only_for_a_method_that_is_known_to_read(
    settings: Any,
    reader: Issued,
    writer: Issued,
    by: str,
    headers: dict[str, str],
    query: str,
    proxies: int,
    allowed: bool,
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies

    answer = ask(reader, f"resource=reports{query}", by=by, **headers)

    assert outcome(answer) == ("let through" if allowed else "scope_missing")
    assert allowed or answer.json()["scope"] == "reports:write"
    assert outcome(ask(writer, f"resource=reports{query}", by=by, **headers)) == "let through"


@pytest.mark.parametrize(
    ("scope", "query", "expected"),
    [
        ("reports:read", "scope=reports:read", "let through"),
        ("reports:read", "scope=reports:write", "scope_missing"),
        ("reports:read", "resource=reports&scope=account:read", "scope_missing"),
        ("reports:read account:read", "resource=reports&scope=account:read", "let through"),
        ("account:read", "resource=reports&scope=account:read", "scope_missing"),
        ("account:read", "scope=any", "let through"),
        ("account:read", "resource=reports&scope=any", "scope_missing"),
    ],
)
def test_a_scope_is_needed_whatever_the_method(alices_license: License, scope: str, query: str, expected: str) -> None:
    answer = ask(issue(alices_license, scope=scope), query, X_Original_Method="GET")

    assert outcome(answer) == expected


@pytest.mark.parametrize(
    "query",
    [
        "",
        "resource=",
        "resource=report",
        "resource=reports:read",
        "scope=reports",
        "scope=reports:admin",
        "scope=",
        "Resource=reports",
        "resource=reports&organisation=meridian",
        "resource=reports&organization=",
        "resource=reports&organization=nowhere",
        "resource=reports&method=GET",
        "resource=reports&status=418",
        "resource=reports&resource=reports",
        "resource=reports&scope=any&scope=any",
        "resource=reports&organization=meridian&organization=elsewhere",
    ],
)
def test_a_configuration_that_makes_no_sense_lets_nobody_through_and_is_in_the_log(
    writer: Issued, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    answer = ask(writer, query, X_Original_Method="GET")

    assert (answer.status_code, outcome(answer)) == (422, "invalid_request")
    assert [record.levelno for record in caplog.records if record.name == "tokens.forward_auth"] == [logging.ERROR]


def test_the_proxy_chooses_how_yes_is_said(reader: Issued) -> None:
    query = "resource=reports&status={}"

    assert [ask(reader, query.format(each), X_Original_Method="GET").status_code for each in (200, 204)] == [200, 204]


def test_only_tokens_of_the_organization_are_let_through(reader: Issued, bob: User, mallory: User) -> None:
    individual = issue(LicenseFactory(user=mallory, individual=True), scope="reports:read")
    strange = issue(mallory.licenses.get(organization__slug="elsewhere"), scope="reports:read")
    query = "resource=reports&organization=meridian"

    answers = [ask(issued, query, X_Original_Method="GET") for issued in (reader, strange, individual)]

    assert [outcome(answer) for answer in answers] == ["let through", "organization_denied", "organization_denied"]
    assert [answer.status_code for answer in answers[1:]] == [403, 403]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "let through"),
        ({"lifetime": 90 * DAY}, "policy_blocked"),
        ({"requires_second_factor": True}, "policy_blocked"),
        ({"requires_approval": True}, "organization_denied"),
        ({"allowed_networks": ["203.0.113.0/24"]}, "address_denied"),
        ({"allowed_networks": [f"{HOME}/32"]}, "let through"),
        ({"withheld_scope": "reports:write"}, "let through"),
        ({"withheld_scope": "reports:read"}, "permission_withheld"),
    ],
    ids=str,
)
def test_an_account_token_keeps_to_the_policy_of_the_organization_that_is_asked_for(
    organization: Organization, alice: User, rule: dict[str, object], expected: str
) -> None:
    account = lifecycle.regenerate(actor=SYSTEM, owner=alice)
    Policy.objects.create(organization=organization, **rule)

    assert outcome(ask(account, "resource=reports", X_Original_Method="GET")) == "let through"
    answer = ask(account, "resource=reports&organization=meridian", X_Original_Method="GET")

    assert outcome(answer) == expected
    if expected == "let through":
        assert answer["X-Auth-Organization"] == "meridian"
        assert ("reports:write" in answer["X-Auth-Scopes"]) is (rule.get("withheld_scope") != "reports:write")


def test_an_account_token_needs_a_license_in_force_there(alice: User, mallory: User) -> None:
    account = lifecycle.regenerate(actor=SYSTEM, owner=alice)
    LicenseFactory(user=alice, individual=True)
    License.objects.filter(user=alice, organization__slug="meridian").update(valid_until=timezone.now())

    for slug in ("meridian", "elsewhere"):
        assert outcome(ask(account, f"resource=reports&organization={slug}")) == "organization_denied"


@pytest.mark.parametrize(("address", "expected"), [("203.0.113.7", "let through"), ("198.51.100.7", "address_denied")])
def test_the_address_is_that_of_the_caller(alices_license: License, address: str, expected: str) -> None:
    issued = issue(alices_license, scope="reports:read", allowed_networks=["203.0.113.0/24"])

    assert outcome(ask(issued, address=address, X_Original_Method="GET")) == expected


def test_a_pending_token_is_not_let_through(organization: Organization, alices_license: License) -> None:
    Policy.objects.create(organization=organization, requires_approval=True)

    assert outcome(ask(issue(alices_license, scope="reports:read"), X_Original_Method="GET")) == "approval_pending"


def test_what_the_policy_withholds_is_neither_let_through_nor_named(
    organization: Organization, alices_license: License
) -> None:
    issued = issue(alices_license, scope="reports:write account:read")
    Policy.objects.create(organization=organization, withheld_scope="reports:write")

    answer = ask(issued, X_Original_Method="GET")

    assert answer["X-Auth-Scopes"] == "account:read reports:read"
    assert outcome(ask(issued, X_Original_Method="POST")) == "permission_withheld"


def test_it_is_a_call_of_the_token(settings: Any, reader: Issued, writer: Issued) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    ask(writer, X_Original_Method="POST")

    answers = [ask(reader, X_Original_Method=method) for method in ("GET", "POST", "GET", "GET")]

    assert [answer.status_code for answer in answers] == [204, 403, 204, 429]
    assert answers[3]["Retry-After"].isdigit()
    ledger.flush()
    token = Token.objects.get(pk=reader.token.pk)
    assert token.first_used_at
    assert (token.last_used_address, token.last_written_at) == (HOME, None)
    assert Token.objects.get(pk=writer.token.pk).last_written_at
    assert TokenDay.objects.get(token=token).calls == 2
    assert dict(RefusalDay.objects.values_list("code", "calls")) == {"scope_missing": 1, "rate_limited": 1}


@pytest.mark.parametrize("by", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
def test_it_is_asked_by_every_method_and_reads_no_body(writer: Issued, by: str) -> None:
    assert ask(writer, "resource=reports&method=own", by=by).status_code == 204


@pytest.mark.parametrize("by", ["PROPFIND", "TRACE", "BREW"])
def test_a_method_that_nobody_knows_is_not_let_through(writer: Issued, by: str) -> None:
    assert ask(writer, "resource=reports&method=own", by=by).status_code == 405


def test_the_proxy_may_reach_us_by_any_name_and_without_https(settings: Any, reader: Issued) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 60
    settings.SECURE_REDIRECT_EXEMPT = [r"^api/v1/forward-auth$"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    answers = [
        ask(reader, X_Original_Method="GET", Host="tokenrack.internal:8000", X_Forwarded_Proto=scheme)
        for scheme in ("http", "https")
    ]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert not any(answer.has_header("Strict-Transport-Security") for answer in answers)


def test_a_check_costs_one_query_and_one_more_for_an_account_token_in_an_organization(
    reader: Issued, alice: User, django_assert_num_queries: Any
) -> None:
    account = lifecycle.regenerate(actor=SYSTEM, owner=alice)
    for issued, query, queries in [
        (reader, "resource=reports", 1),
        (reader, "resource=reports&organization=meridian", 1),
        (account, "resource=reports", 1),
        (account, "resource=reports&organization=meridian", 2),
    ]:
        ask(issued, query, X_Original_Method="GET")
        with django_assert_num_queries(queries):
            assert ask(issued, query, X_Original_Method="GET").status_code == 204


def test_a_service_account_is_named_like_anybody(organization: Organization) -> None:
    issued = issue(service_account(organization), scope="reports:read")

    assert ask(issued, X_Original_Method="GET")["X-Auth-User"] == str(issued.token.owner_id)
