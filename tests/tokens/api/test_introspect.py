"""RFC 7662: a service asks about the token that its caller brought."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import License, Organization, User
from tests.factories import LicenseFactory, issue, service_account
from tests.tokens.scenes import DAY, let_expire
from tokens import format, hashing, lifecycle
from tokens.ledger import ledger
from tokens.lifecycle import Issued
from tokens.models import Policy, RefusalDay, Token, TokenAddress, TokenDay

PATH = "/api/v1/introspect"
INACTIVE = b'{"active": false}'
UNKNOWN = f"trk_{'0' * 40}" + format.checksum(f"trk_{'0' * 40}")
FORM = {"content_type": "application/x-www-form-urlencoded"}


@pytest.fixture
def service(bob: User) -> Issued:
    """A service of Meridian's, with a token that may ask and nothing else."""
    return issue(bob.licenses.get(), name="reports-service", scope="introspect:read")


@pytest.fixture
def meridian(organization: Organization) -> Policy:
    return Policy.objects.create(organization=organization)


def ask(service: Issued, form: Any, **extra: Any) -> Any:
    client = Client(headers={"Authorization": f"Bearer {service.plaintext}", "User-Agent": "reports/1"})
    form = {"token": str(form.plaintext)} if isinstance(form, Issued) else form
    return client.post(PATH, "&".join(f"{key}={value}" for key, value in form.items()), **FORM | extra)


def is_active(service: Issued, asked: Any, address: str = "", **extra: Any) -> bool:
    form = {"token": str(asked.plaintext)} | ({"address": address} if address else {})
    answer = ask(service, form, **extra)
    assert answer.status_code == 200
    assert answer.json()["active"] or answer.content == INACTIVE
    return answer.json()["active"]


def account_token(person: User) -> Issued:
    return lifecycle.regenerate(actor=SYSTEM, owner=person)


def test_of_a_good_token_everything_is_said_that_a_service_needs(service: Issued, alices_license: License) -> None:
    ends_at = datetime(2031, 1, 1, tzinfo=UTC)
    issued = issue(alices_license, scope="tokens:write account:read", expires_at=ends_at)

    answer = ask(service, {"token": str(issued.plaintext), "token_type_hint": "refresh_token", "unheard-of": "1"})

    assert answer["Cache-Control"] == "no-store"
    assert answer.json() == {
        "active": True,
        "scope": "account:read tokens:write",
        "username": "alice@example.org",
        "token_type": "Bearer",
        "exp": int(ends_at.timestamp()),
        "iat": int(issued.token.created_at.timestamp()),
        "sub": str(alices_license.user_id),
        "iss": "http://localhost:8000",
        "jti": str(issued.token.pk),
        "organization": "meridian",
    }


def test_a_service_account_goes_by_its_name_and_no_end_is_left_out(service: Issued, organization: Organization) -> None:
    seat = service_account(organization, "Nightly backups")

    facts = ask(service, issue(seat, expires_at=None)).json()

    assert facts["username"] == "Nightly backups"
    assert "exp" not in facts


def test_the_end_of_an_overlap_is_the_end(service: Issued, issued: Issued) -> None:
    lifecycle.rotate(actor=Actor(issued.token.owner), token=issued.token, overlap=timedelta(hours=1))

    stops_at = Token.objects.get(pk=issued.token.pk).stops_at

    assert stops_at
    assert ask(service, issued).json()["exp"] == int(stops_at.timestamp())


@pytest.mark.parametrize(
    "stop",
    [
        lambda t: lifecycle.revoke(actor=SYSTEM, token=t),
        let_expire,
        lambda t: User.objects.filter(pk=t.owner_id).update(is_active=False),
        lambda t: License.objects.filter(pk=t.license_id).update(valid_until=timezone.now()),
        lambda t: Policy.objects.update(requires_second_factor=True),
        lambda t: Policy.objects.update(requires_approval=True),
        lambda t: Policy.objects.update(allowed_networks=["203.0.113.0/24"]),
        lambda t: Token.objects.filter(pk=t.pk).update(allowed_networks=["203.0.113.0/24"]),
        lambda t: Token.objects.filter(pk=t.pk).delete(),
    ],
    ids=["revoked", "expired", "owner", "license", "blocked", "pending", "policy-networks", "networks", "unknown"],
)
def test_what_does_not_work_is_inactive_and_nothing_else(
    organization: Organization, meridian: Policy, alices_license: License, stop: Any
) -> None:
    service = issue(service_account(organization), scope="introspect:read")
    asked = issue(alices_license, scope="tokens:read")
    Token.objects.filter(pk=asked.token.pk).update(awaits_approval=True)
    assert is_active(service, asked, REMOTE_ADDR="203.0.113.9")

    stop(asked.token)

    assert not is_active(service, asked, REMOTE_ADDR="203.0.113.9")


@pytest.mark.parametrize("text", ["nonsense", UNKNOWN, "a%00b", "%ff", "%F0%9F%94%91" * 46, "x" * 9000])
def test_a_text_that_is_none_of_ours_is_inactive(service: Issued, text: str) -> None:
    answer = ask(service, {"token": text})

    assert (answer.status_code, answer.content) == (200, INACTIVE)


@pytest.mark.parametrize(("address", "active"), [("", False), ("203.0.113.7", True), ("198.51.100.7", False)])
def test_ranges_are_kept_by_the_address_that_the_service_names(
    service: Issued, alices_license: License, address: str, active: bool
) -> None:
    asked = issue(alices_license, allowed_networks=["203.0.113.0/24"])

    assert is_active(service, asked, address) is active


def test_tokens_of_others_are_inactive_and_hear_nothing_of_it(service: Issued, mallory: User) -> None:
    foreign = [
        issue(mallory.licenses.get()),
        issue(LicenseFactory(user=mallory, individual=True)),
        account_token(mallory),
        issue(LicenseFactory(user=service.token.owner, individual=True)),
        issue(LicenseFactory(user=service.token.owner), name="elsewhere"),
    ]
    lifecycle.revoke(actor=SYSTEM, token=foreign[0].token)

    assert [is_active(service, issued) for issued in foreign] == [False] * 5

    ledger.flush()
    assert not Token.objects.filter(last_used_at__isnull=False).exclude(pk=service.token.pk).exists()
    assert not RefusalDay.objects.exists()


def test_an_account_token_is_active_where_its_owner_has_a_license_in_force(service: Issued, alice: User) -> None:
    account = account_token(alice)
    LicenseFactory(user=alice, individual=True)

    facts = ask(service, account).json()
    License.objects.filter(user=alice, organization__slug="meridian").update(valid_until=timezone.now())

    assert (facts["organization"], facts["scope"].split()[0]) == ("meridian", "account:write")
    assert not is_active(service, account)


@pytest.mark.parametrize(
    ("rule", "active"),
    [
        ({}, True),
        ({"lifetime": 90 * DAY}, False),
        ({"requires_expiry": True}, False),
        ({"requires_second_factor": True}, False),
        ({"requires_approval": True}, False),
        ({"allowed_networks": ["127.0.0.0/8"]}, False),
        ({"withheld_scope": "account:write"}, True),
    ],
    ids=str,
)
def test_an_account_token_keeps_to_the_policy_where_it_is_asked_about(
    organization: Organization, alice: User, meridian: Policy, rule: dict[str, object], active: bool
) -> None:
    service, account = issue(service_account(organization), scope="introspect:read"), account_token(alice)

    Policy.objects.update(**rule)

    assert is_active(service, account) is active


@pytest.mark.parametrize(
    ("withheld", "scope"), [("", "account:write"), ("account:write", "account:read"), ("account:read", "")]
)
@pytest.mark.parametrize("kind", ["named", "account"])
def test_what_a_policy_withholds_is_not_in_the_scope(
    service: Issued, alices_license: License, meridian: Policy, kind: str, withheld: str, scope: str
) -> None:
    asked = issue(alices_license, scope="account:write") if kind == "named" else account_token(alices_license.user)

    Policy.objects.update(withheld_scope=withheld)

    words = ask(service, asked).json()["scope"].split()
    assert [word for word in words if word.startswith("account:")] == scope.split()


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda seat: None, ["own", "account", "individual", "member"]),
        (lambda seat: seat.update(valid_until=timezone.now()), ["account", "individual"]),
        (lambda seat: Policy.objects.update(allowed_networks=["203.0.113.0/24"]), ["account", "individual"]),
        (lambda seat: Policy.objects.update(requires_expiry=True), ["own", "account", "individual"]),
        (
            lambda seat: [Policy.objects.update(withheld_scope="introspect:read"), seat.update(role="member")],
            ["own", "account", "individual"],
        ),
    ],
    ids=["all is well", "license over", "from elsewhere", "policy asks for an end", "asking withheld"],
)
def test_an_account_token_asks_about_its_owners_and_where_its_owner_belongs(
    bob: User, alices_license: License, mallory: User, meridian: Policy, change: Any, seen: list[str]
) -> None:
    caller = account_token(bob)
    asked = {
        "own": issue(bob.licenses.get()),
        "account": caller,
        "individual": issue(LicenseFactory(user=bob, individual=True)),
        "member": issue(alices_license),
        "member's account": account_token(alices_license.user),
        "stranger": issue(mallory.licenses.get()),
    }

    change(License.objects.filter(organization=meridian.organization, user=bob))

    assert [name for name, issued in asked.items() if is_active(caller, issued)] == seen


def test_a_service_of_one_person_asks_about_that_license_and_account_alone(alices_license: License, bob: User) -> None:
    license = LicenseFactory(user=alices_license.user, individual=True)
    service = issue(license, name="service", scope="introspect:read")
    own = [issue(license), account_token(license.user)]
    others = [issue(alices_license), issue(LicenseFactory(individual=True)), account_token(bob)]

    assert [is_active(service, issued) for issued in own + others] == [True, True, False, False, False]


@pytest.mark.parametrize("scope", ["introspect:read", "introspect:write", "tokens:write"])
def test_asking_needs_a_permission(alices_license: License, issued: Issued, scope: str) -> None:
    answer = ask(issue(alices_license, name="service", scope=scope), issued)

    assert answer.status_code == (403 if scope == "tokens:write" else 200)
    if scope == "tokens:write":
        assert (answer.json()["code"], answer.json()["scope"]) == ("scope_missing", "introspect:read")


def test_asking_needs_a_token(issued: Issued) -> None:
    answer = Client().post(PATH, {"token": str(issued.plaintext)})

    assert (answer.status_code, answer.json()["code"]) == (401, "credential_missing")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("token=", FORM["content_type"], 400),
        ("token_type_hint=access_token", FORM["content_type"], 400),
        ("token=a&token=b", FORM["content_type"], 400),
        ("token=a&address=here", FORM["content_type"], 400),
        ("token=a&address=203.0.113.7&address=198.51.100.7", FORM["content_type"], 400),
        ('{"token": "a"}', "application/json", 415),
        ("token=a", "text/plain", 415),
    ],
)
def test_a_request_that_cannot_be_understood_says_so_to_oauth_clients_too(
    service: Issued, body: str, content_type: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {service.plaintext}"}
    answer = Client(headers=headers).post(PATH, body, content_type=content_type)

    assert answer.status_code == answer.json()["status"] == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["error"] == "invalid_request"


def test_being_asked_about_is_a_use_from_the_address_that_the_service_names(service: Issued, issued: Issued) -> None:
    for address in ("", "203.0.113.7"):
        assert is_active(service, issued, address)
    ledger.flush()

    token = Token.objects.get(pk=issued.token.pk)
    assert token.first_used_at
    assert token.last_written_at  # nobody knows that it did not write
    assert TokenDay.objects.get(token=token).calls == 2
    visit = TokenAddress.objects.get(token=token)
    assert (visit.address, visit.calls, visit.user_agent) == ("203.0.113.7", 1, "reports/1")


def test_being_asked_about_in_vain_is_counted_for_the_owner(service: Issued, issued: Issued) -> None:
    lifecycle.revoke(actor=SYSTEM, token=issued.token)

    assert not is_active(service, issued)

    ledger.flush()
    assert [(day.code, day.calls) for day in RefusalDay.objects.filter(token=issued.token)] == [("token_revoked", 1)]
    assert Token.objects.get(pk=issued.token.pk).last_used_at is None


def test_a_token_met_with_an_old_pepper_is_redigested_in_passing(settings, service: Issued, issued: Issued) -> None:
    settings.TOKEN_PEPPERS = {**settings.TOKEN_PEPPERS, 2: b"two" * 11}

    assert is_active(service, issued)

    token = Token.objects.get(pk=issued.token.pk)
    assert (token.pepper, bytes(token.digest)) == (2, hashing.digest(issued.plaintext, 2))


def test_an_introspection_costs_the_call_and_one_query(
    service: Issued, issued: Issued, alice: User, mallory: User, django_assert_num_queries: Any
) -> None:
    account, foreign = account_token(alice), issue(mallory.licenses.get())
    for asked in (issued, account):
        is_active(service, asked)

    for asked, queries in [(issued, 2), (account, 3), (foreign, 2)]:
        with django_assert_num_queries(queries):
            ask(service, asked)
    with django_assert_num_queries(1):
        ask(service, {"token": "nonsense"})
