"""The tokens of an organization: found, issued for service accounts, stopped and let in again."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AuditEvent, License, User
from tests.factories import LicenseFactory, issue
from tests.tokens.api.scripts import Script, assert_problem, pointers, script_of
from tests.tokens.scenes import state_of
from tokens import lifecycle
from tokens.models import Hold, Policy, Token

TOKENS = "organization/meridian/tokens"
KEY = "0f3c1a52-9c5b-4a57-8f3f-7e3d7c0b4f11"


def names(script: Script, **query: Any) -> list[str]:
    return [token["name"] for token in script.get(TOKENS, **query).json()["items"]]


@pytest.fixture
def inventory(alices_license: License, robot: License, mallory: User) -> dict[str, Token]:
    now = timezone.now()
    made = {
        "export": issue(alices_license, "export", "account:write").token,
        "backup": issue(robot, "backup", expires_at=now + timedelta(days=3)).token,
        "forever": issue(alices_license, "forever", expires_at=None).token,
        "stopped": issue(alices_license, "stopped").token,
    }
    issue(mallory.licenses.get(), "foreign")
    lifecycle.revoke(actor=Actor(alices_license.user), token=made["stopped"])
    Token.objects.filter(name="export").update(created_at=now - timedelta(days=100))
    Token.objects.filter(name="backup").update(first_used_at=now, last_used_at=now, last_used_address="192.0.2.7")
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["stopped", "forever", "backup", "export"]),
        ({"q": "alice"}, ["stopped", "forever", "export"]),
        ({"q": "exp"}, ["export"]),
        ({"state": "revoked"}, ["stopped"]),
        ({"state": "expiring"}, ["backup"]),
        ({"age": "over-90"}, ["export"]),
        ({"used": "never", "state": "active"}, ["forever", "export"]),
        ({"scope": "account:write"}, ["export"]),
        ({"needs": "endless"}, ["forever"]),
        ({"license": "ST-20417", "sort": "name"}, ["export", "forever", "stopped"]),
        ({"sort": "used", "limit": 1}, ["backup"]),
        ({"sort": "expiry", "limit": 1}, ["backup"]),
    ],
    ids=str,
)
def test_the_inventory_is_cut_and_sorted(
    inventory: dict[str, Token], bobs_account: Script, query: dict[str, Any], found: list[str]
) -> None:
    assert names(bobs_account, **query) == found


@pytest.mark.parametrize(
    "query",
    [
        {"state": "asleep"},
        {"state": ""},
        {"age": "8"},
        {"used": "x"},
        {"scope": "account:delete"},
        {"needs": "love"},
        {"sort": "pk"},
        {"license": "ST-0"},
        {"license": "\x00"},
        {"q": "\x00"},
        {"q": "x" * 101},
        {"everything": ""},
        {"after": "x"},
    ],
    ids=ascii,
)
def test_a_word_that_makes_no_sense_is_refused(governor: Script, query: dict[str, Any]) -> None:
    response = governor.get(TOKENS, **query)

    assert_problem(response, 422, "invalid_request")
    assert pointers(response) == [f"/{next(iter(query))}"]


def test_a_token_is_shown_with_its_owner_and_who_stopped_it(reader: Script, alices_license: License, bob: User) -> None:
    token = issue(alices_license, "export").token
    lifecycle.revoke(actor=Actor(bob), token=token, reason="Left behind.")

    answer = reader.get(f"{TOKENS}/{token.pk}")

    facts = answer.json()
    assert facts["owner"] == {
        "id": alices_license.user_id,
        "name": "Alice Holm",
        "email": "alice@example.org",
        "is_service_account": False,
    }
    assert (facts["state"], facts["hold"], facts["reason"]) == ("revoked", "administrator", "Left behind.")
    assert facts["stopped_by"] == "Bob Reyes, an administrator"
    assert answer["ETag"]


def test_a_blocked_token_says_by_which_rule(reader: Script, alices_license: License, policy: Policy) -> None:
    token = issue(alices_license, "forever", expires_at=None).token
    Policy.objects.update(requires_expiry=True)
    Token.objects.filter(pk=reader.issued.token.pk).update(expires_at=timezone.now() + timedelta(days=1))

    facts = reader.get(f"{TOKENS}/{token.pk}").json()

    assert (facts["state"], facts["rule"]) == ("blocked", "expiry")


def test_a_token_is_issued_for_a_service_account_once(governor: Script, robot: License) -> None:
    draft = {"name": "deploy", "scopes": ["account:read"], "license": robot.number}

    first = governor.post(TOKENS, draft, Idempotency_Key=KEY)
    again = governor.post(TOKENS, draft, Idempotency_Key=KEY)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["owner"]["is_service_account"]
    assert again.json() == first.json() | {"plaintext": None}
    assert governor.client.get(first["Location"]).json()["name"] == "deploy"
    assert Client(headers={"Authorization": f"Token {first.json()['plaintext']}"}).get("/api/v1/me").status_code == 200
    event = AuditEvent.objects.get(action="token.created", token_name="deploy")
    assert (event.actor, event.details["through"]) == (governor.issued.token.owner, governor.issued.token.hint)


def test_without_a_license_a_token_is_issued_for_oneself(governor: Script, bob: User) -> None:
    answer = governor.post(TOKENS, {"name": "mine", "scopes": ["account:read"]})

    assert answer.status_code == 201
    assert Token.objects.get(name="mine").owner == bob


def test_nothing_is_issued_on_the_license_of_a_member_or_of_elsewhere(
    governor: Script, alice: User, mallory: User
) -> None:
    for number in (alice.licenses.get().number, mallory.licenses.get().number, "none"):
        response = governor.post(TOKENS, {"name": "x", "scopes": ["account:read"], "license": number})

        assert_problem(response, 422, "invalid_request")
        assert pointers(response) == ["/license"]
    assert not Token.objects.filter(name="x").exists()


@pytest.mark.parametrize(
    "more", [{"scopes": ["tokens:write"]}, {"allowed_networks": []}, {"expires_at": None}], ids=str
)
def test_nothing_is_issued_that_reaches_further_than_the_calling_token(
    bob: User, robot: License, more: dict[str, Any]
) -> None:
    ends_at = timezone.now() + timedelta(days=5)
    script = script_of(bob.licenses.get(), "organization:write", expires_at=ends_at, allowed_networks=["127.0.0.0/8"])
    draft = {"name": "deploy", "scopes": ["organization:read"], "allowed_networks": ["127.0.0.1"]}
    draft["license"] = robot.number

    assert_problem(script.post(TOKENS, draft | more), 403, "beyond_the_calling_token")
    assert script.post(TOKENS, draft).status_code == 201


def test_tokens_of_service_accounts_are_edited_and_rotated_and_those_of_people_are_not(
    governor: Script, robot: License, alices_license: License
) -> None:
    service, alices = issue(robot, "deploy", expires_at=None).token, issue(alices_license, "export").token

    edited = governor.patch(f"{TOKENS}/{service.pk}", {"name": "ship"})
    rotated = governor.post(f"{TOKENS}/{service.pk}/rotate", {"overlap_seconds": 0})

    assert (edited.status_code, edited.json()["name"]) == (200, "ship")
    assert rotated.status_code == 201
    assert rotated["Location"].endswith(f"/organization/meridian/tokens/{rotated.json()['id']}")
    assert_problem(governor.patch(f"{TOKENS}/{alices.pk}", {"name": "ship"}), 404, "not_found")
    for act in ("rotate", "resume"):
        assert_problem(governor.post(f"{TOKENS}/{alices.pk}/{act}"), 404, "not_found")


def test_an_edit_of_what_was_changed_since_is_refused(governor: Script, robot: License) -> None:
    path = f"{TOKENS}/{issue(robot, 'deploy').token.pk}"
    seen = governor.get(path)["ETag"]
    governor.patch(path, {"name": "ship"})

    assert_problem(governor.patch(path, {"name": "boat"}, If_Match=seen), 412, "precondition_failed")


def test_an_idle_token_of_a_service_account_is_resumed(governor: Script, robot: License, policy: Policy) -> None:
    token = issue(robot, "deploy").token
    Token.objects.filter(pk=token.pk).update(created_at=timezone.now() - timedelta(days=40))
    Policy.objects.update(idle_after=timedelta(days=30))

    assert governor.post(f"{TOKENS}/{token.pk}/resume").json()["state"] == "active"
    assert_problem(governor.post(f"{TOKENS}/{token.pk}/resume"), 409, "act_refused")


def test_a_token_is_stopped_and_let_in_again_with_a_reason(governor: Script, alices_license: License) -> None:
    path = f"{TOKENS}/{issue(alices_license, 'export').token.pk}"

    stopped = governor.post(f"{path}/revoke").json()
    unreasoned = governor.post(f"{path}/re-approve", {})
    again = governor.post(f"{path}/re-approve", {"reason": "It was a mistake."})

    assert (stopped["state"], stopped["hold"]) == ("revoked", "administrator")
    assert_problem(unreasoned, 422, "invalid_request")
    assert again.json()["state"] == "active"
    assert AuditEvent.objects.get(action="token.reapproved").details["reason"] == "It was a mistake."


def test_a_leaked_token_comes_back_by_nobody(governor: Script, alices_license: License) -> None:
    token = issue(alices_license, "export").token
    lifecycle.revoke_as_leaked(actor=Actor(None), token=token)

    response = governor.post(f"{TOKENS}/{token.pk}/re-approve", {"reason": "It was a mistake."})

    assert_problem(response, 409, "not_reapprovable")


@pytest.fixture
def pending(alices_license: License, policy: Policy) -> Token:
    Policy.objects.update(requires_approval=True)
    return issue(alices_license, "export").token


def test_a_token_is_approved_as_it_was_read(governor: Script, pending: Token) -> None:
    path = f"{TOKENS}/{pending.pk}"
    seen = governor.get(path)["ETag"]

    approved = governor.post(f"{path}/approve", If_Match=seen)

    assert approved.json()["state"] == "active"
    assert approved["ETag"] != seen


@pytest.mark.parametrize("headers", [{}, {"If_Match": "*"}], ids=str)
def test_nobody_approves_what_they_did_not_read(governor: Script, pending: Token, headers: dict[str, str]) -> None:
    assert_problem(governor.post(f"{TOKENS}/{pending.pk}/approve", **headers), 428, "precondition_required")
    assert state_of(pending) == "pending"


def test_what_was_widened_since_is_not_approved(governor: Script, pending: Token) -> None:
    path = f"{TOKENS}/{pending.pk}"
    seen = governor.get(path)["ETag"]
    lifecycle.edit(actor=Actor(pending.owner), token=pending, scope=["account:write"])

    assert_problem(governor.post(f"{path}/approve", If_Match=seen), 412, "precondition_failed")
    assert state_of(pending) == "pending"


def bulk(script: Script, **body: Any) -> Any:
    return script.post(f"{TOKENS}/revoke", body)


@pytest.fixture
def five(alices_license: License, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Five tokens of Alice's; batches are of two."""
    monkeypatch.setattr("tokens.bulk.BATCH", 2)
    return [issue(alices_license, f"job {number}").token.pk for number in range(5)]


def test_many_are_revoked_a_bounded_number_a_call(governor: Script, five: list[int]) -> None:
    first = bulk(governor, filter={"q": "job"}, count=5, reason="Cleaning up.").json()
    second = bulk(governor, run=first["run"]).json()
    last = bulk(governor, run=second["run"]).json()
    repeated = bulk(governor, run=first["run"]).json()

    assert [(answer["revoked"], answer["left"]) for answer in (first, second, last)] == [(2, 3), (4, 1), (5, 0)]
    assert last["run"] is None
    assert repeated == last
    assert set(Token.objects.filter(pk__in=five).values_list("hold", "stop_reason")) == {
        (Hold.ADMINISTRATOR, "Cleaning up.")
    }
    begun = AuditEvent.objects.get(action="tokens.bulk_revoked")
    assert (begun.pk, begun.details["count"]) == (last["event"], 5)
    assert begun.details["through"] == governor.issued.token.hint


def test_another_number_than_expected_revokes_nothing(governor: Script, five: list[int]) -> None:
    response = bulk(governor, filter={"q": "job"}, count=4)

    assert_problem(response, 409, "count_differs")
    assert response.json()["count"] == 5
    assert not Token.objects.exclude(revoked_at=None).exists()


def test_the_calling_token_is_left_alone(governor: Script, five: list[int]) -> None:
    answer = bulk(governor, filter={}, count=5)
    while answer.json()["run"]:
        answer = bulk(governor, run=answer.json()["run"])

    assert answer.json()["revoked"] == 5
    assert Token.objects.get(revoked_at=None) == governor.issued.token


def test_some_are_revoked_by_their_ids_and_those_of_others_are_not(
    governor: Script, five: list[int], mallory: User
) -> None:
    foreign = issue(mallory.licenses.get(), "foreign").token

    answer = bulk(governor, ids=[five[0], foreign.pk])
    nothing = bulk(governor, ids=[five[0], foreign.pk])

    assert (answer.json()["revoked"], nothing.json()["revoked"]) == (1, 0)
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/ids"),
        ({"ids": [1], "filter": {}, "count": 1}, "/filter"),
        ({"filter": {}}, "/count"),
        ({"ids": [1], "count": 1}, "/count"),
        ({"ids": []}, "/ids"),
        ({"ids": [0]}, "/ids/0"),
        ({"ids": list(range(1, 102))}, "/ids"),
        ({"filter": {"state": "asleep"}, "count": 1}, "/filter/state"),
        ({"filter": {"q": "\ud800"}, "count": 1}, "/filter/q"),
        ({"filter": {"license": "ST-0"}, "count": 1}, "/filter/license"),
        ({"filter": {"stat": "active"}, "count": 1}, "/filter/stat"),
        ({"run": "forged"}, "/run"),
    ],
    ids=ascii,
)
def test_a_choice_that_is_not_understood_revokes_nothing(
    governor: Script, five: list[int], body: dict[str, Any], pointer: str
) -> None:
    response = bulk(governor, **body)

    assert_problem(response, 422, "invalid_request")
    assert pointers(response) == [pointer]
    assert not Token.objects.exclude(revoked_at=None).exists()


def test_the_run_of_another_administrator_is_of_no_use(governor: Script, five: list[int], organization: Any) -> None:
    run = bulk(governor, filter={"q": "job"}, count=5).json()["run"]
    other = script_of(LicenseFactory(organization=organization, administrator=True), "organization:write")

    assert_problem(bulk(other, run=run), 422, "invalid_request")
