"""One's own tokens through the API, and what a token may not give away."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AuditEvent, License, User
from tests.factories import LicenseFactory, issue
from tests.tokens.api.scripts import Script, account_script, assert_problem, pointers, script_of
from tokens import lifecycle
from tokens.models import Hold, Policy, Token

DRAFT = {"name": "ci", "scopes": ["account:read"]}


def works(plaintext: str, path: str = "me") -> bool:
    return Client(headers={"Authorization": f"Bearer {plaintext}"}).get(f"/api/v1/{path}").status_code == 200


def test_a_token_is_issued_and_its_text_is_shown_once(manager: Script, alices_license: License) -> None:
    response = manager.post("tokens", DRAFT)

    made = response.json()
    assert response.status_code == 201
    assert works(made["plaintext"])
    token = Token.objects.get(pk=made["id"])
    assert (token.license, token.name, token.scope) == (alices_license, "ci", "account:read")
    assert response["Location"] == f"/api/v1/tokens/{token.pk}"
    assert "plaintext" not in manager.get(f"tokens/{token.pk}").json()


def test_the_audit_log_says_through_which_token(manager: Script) -> None:
    manager.post("tokens", DRAFT)

    event = AuditEvent.objects.get(action="token.created", token_name="ci")
    assert event.details["through"] == manager.issued.token.hint


def test_without_a_date_it_lives_sixty_days(manager: Script) -> None:
    ends = manager.post("tokens", DRAFT).json()["expires_at"]

    assert timedelta(days=59) < datetime.fromisoformat(ends) - timezone.now() <= timedelta(days=60)


def test_without_a_date_it_lives_no_longer_than_the_calling_token(manager: Script, alices_license: License) -> None:
    Policy.objects.create(organization=alices_license.organization, requires_expiry=False, lifetime=timedelta(days=7))
    soonest = timezone.now().replace(microsecond=0) + timedelta(days=5)
    Token.objects.update(expires_at=soonest)

    ends = manager.post("tokens", DRAFT).json()["expires_at"]

    assert datetime.fromisoformat(ends) == soonest


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"scopes": ["account:write"]}, "/scopes"),
        ({"scopes": ["account:read", "organization:read"]}, "/scopes"),
        ({"expires_at": None}, "/expires_at"),
        ({"expires_at": "2099-01-01T00:00:00Z"}, "/expires_at"),
        ({"allowed_networks": ["198.51.100.0/24"]}, "/allowed_networks"),
        ({"allowed_networks": []}, "/allowed_networks"),
    ],
    ids=str,
)
def test_a_token_never_gives_more_than_it_holds_itself(
    alices_license: License, asked: dict[str, Any], pointer: str
) -> None:
    ends = timezone.now() + timedelta(days=900)
    manager = script_of(
        alices_license, "tokens:write account:read", expires_at=ends, allowed_networks=["192.0.2.0/24", "127.0.0.1/32"]
    )
    allowed = {"scopes": ["account:read"], "allowed_networks": ["192.0.2.7"]}

    refused = manager.post("tokens", {"name": "ci", **allowed, **asked})
    granted = manager.post("tokens", {"name": "ci", **allowed})

    assert pointers(refused) == [pointer]
    assert refused.status_code in {403, 422}
    assert granted.status_code == 201


def test_a_permission_that_the_policy_withholds_is_given_to_nobody(manager: Script, alices_license: License) -> None:
    Policy.objects.create(organization=alices_license.organization, withheld_scope="account:read")

    assert_problem(manager.post("tokens", DRAFT), 403, "beyond_the_calling_token")


@pytest.mark.parametrize("scope", ["tokens:read", "account:write", "organization:write"])
def test_issuing_needs_the_permission_to_write_tokens(alices_license: License, scope: str) -> None:
    response = script_of(alices_license, scope).post("tokens", {"name": "ci", "scopes": [scope]})

    assert_problem(response, 403, "scope_missing")
    assert response.json()["scope"] == "tokens:write"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 61}, "/name"),
        ({"name": "a\u202eb"}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["account:delete"]}, "/scopes"),
        ({"scopes": "account:read"}, "/scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2030-01-01"}, "/expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "/expires_at"),
        ({"expires_at": "2099-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": 1893456000}, "/expires_at"),
        ({"expires_at": "2030-02-29T00:00:00Z"}, "/expires_at"),
        ({"allowed_networks": ["nowhere"]}, "/allowed_networks/0"),
        ({"allowed_networks": ["10.0.0.1"] * 51}, "/allowed_networks"),
        ({"revoke_on_sign_out": "yes"}, "/revoke_on_sign_out"),
        ({"license": "ST-99999"}, "/license"),
        ({"owner": 1}, "/owner"),
        ({"digest": "x"}, "/digest"),
    ],
    ids=ascii,
)
def test_a_draft_that_is_not_valid_issues_nothing(everything: Script, change: dict[str, Any], pointer: str) -> None:
    response = everything.post("tokens", DRAFT | change)

    assert_problem(response, 422, "invalid_request")
    assert pointers(response) == [pointer]
    assert not Token.objects.named().exists()


def test_a_full_rack_and_a_taken_name_are_conflicts(manager: Script, alices_license: License) -> None:
    assert manager.post("tokens", DRAFT).status_code == 201

    assert_problem(manager.post("tokens", DRAFT | {"name": "CI"}), 409, "name_taken")
    License.objects.update(allowance=2)
    assert_problem(manager.post("tokens", DRAFT | {"name": "other"}), 409, "allowance_exhausted")


def test_an_account_token_says_on_which_of_several_licenses(everything: Script, alice: User) -> None:
    LicenseFactory(user=alice, number="FW-2")

    assert pointers(everything.post("tokens", DRAFT)) == ["/license"]
    assert everything.post("tokens", DRAFT | {"license": "FW-2"}).json()["license"] == "FW-2"


def test_a_named_token_reaches_its_own_license_only(manager: Script, alice: User, everything: Script) -> None:
    elsewhere = issue(LicenseFactory(user=alice, number="FW-2"), name="elsewhere").token

    seen = {token["name"] for token in manager.get("tokens").json()["items"]}

    assert "elsewhere" not in seen
    assert_problem(manager.get(f"tokens/{elsewhere.pk}"), 404, "not_found")
    assert pointers(manager.post("tokens", DRAFT | {"license": "FW-2"})) == ["/license"]
    assert "elsewhere" in {token["name"] for token in everything.get("tokens").json()["items"]}


ACTS = [
    ("get", ""),
    ("patch", ""),
    ("post", "/rotate"),
    ("post", "/revoke"),
    ("post", "/re-approve"),
]


@pytest.mark.parametrize(("method", "act"), ACTS)
@pytest.mark.parametrize("whose", ["a colleague's", "another organization's", "an account token", "nobody's"])
def test_other_tokens_are_not_there(
    manager: Script, alice: User, bob: User, mallory: User, method: str, act: str, whose: str
) -> None:
    others = {
        "a colleague's": issue(bob.licenses.get()).token.pk,
        "another organization's": issue(mallory.licenses.get()).token.pk,
        "an account token": lifecycle.regenerate(actor=Actor(alice), owner=alice).token.pk,
        "nobody's": 2**63,
    }
    before = list(Token.objects.order_by("pk").values())

    response = getattr(manager, method)(f"tokens/{others[whose]}{act}", **({"body": {}} if method == "patch" else {}))

    assert_problem(response, 404, "not_found")
    assert [row["revoked_at"] for row in Token.objects.order_by("pk").values()] == [row["revoked_at"] for row in before]


def test_a_list_is_read_page_by_page(everything: Script, alices_license: License) -> None:
    made = [issue(alices_license, name=f"token {number}").token.pk for number in range(5)]

    first = everything.get("tokens", limit=3).json()
    second = everything.get("tokens", limit=3, after=first["next"]).json()

    assert [token["id"] for token in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"after": "x"}, {"state": "asleep"}, {"page": 2}], ids=str
)
def test_a_query_that_is_not_understood_is_refused(manager: Script, query: dict[str, Any]) -> None:
    response = manager.get("tokens", **query)

    assert_problem(response, 422, "invalid_request")
    assert pointers(response) == [f"/{next(iter(query))}"]


def test_a_list_is_filtered_by_state_and_license(everything: Script, alices_license: License, alice: User) -> None:
    issue(alices_license, name="living")
    lifecycle.revoke(actor=Actor(alice), token=issue(alices_license, name="stopped").token)
    issue(LicenseFactory(user=alice, number="FW-2"), name="elsewhere")

    def names(**query: str) -> set[str]:
        return {token["name"] for token in everything.get("tokens", **query).json()["items"]}

    assert names(state="revoked") == {"stopped"}
    assert names(state="active") == {"living", "elsewhere"}
    assert names(license="FW-2") == {"elsewhere"}
    assert names(license="none such") == set()


def test_a_list_of_many_costs_no_more_queries_than_a_list_of_few(
    everything: Script, alices_license: License, django_assert_num_queries: Any
) -> None:
    License.objects.update(allowance=50)
    everything.get("tokens")  # writes the first use
    for number in range(20):
        issue(alices_license, name=f"token {number}")

    with django_assert_num_queries(2):
        everything.get("tokens")


def test_an_edit_changes_what_it_names_and_leaves_the_rest(manager: Script, alices_license: License) -> None:
    token = issue(alices_license, name="export", allowed_networks=["192.0.2.0/24"]).token

    answer = manager.patch(f"tokens/{token.pk}", {"name": "import"}).json()

    assert (answer["name"], answer["scopes"], answer["allowed_networks"]) == (
        "import",
        ["account:read"],
        ["192.0.2.0/24"],
    )
    token.refresh_from_db()
    assert token.name == "import"


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"scopes": None},
        {"expires_at": None},
        {"allowed_networks": None},
        {"revoke_on_sign_out": None},
        {"expires_at": "2099-01-01T00:00:00Z"},
        {"scopes": []},
        {"license": "ST-1"},
    ],
    ids=str,
)
def test_an_edit_that_is_not_valid_changes_nothing(manager: Script, change: dict[str, Any]) -> None:
    pk = issue(manager.issued.token.license, name="export").token.pk
    before = Token.objects.filter(pk=pk).values().get()

    response = manager.patch(f"tokens/{pk}", change)

    assert_problem(response, 422, "invalid_request")
    assert Token.objects.filter(pk=pk).values().get() == before


@pytest.mark.parametrize("change", [{"scopes": ["account:write"]}, {"allowed_networks": []}], ids=str)
def test_an_edit_adds_nothing_that_the_calling_token_does_not_hold(
    alices_license: License, change: dict[str, Any]
) -> None:
    here = ["127.0.0.0/8"]
    manager = script_of(alices_license, "tokens:write account:read", allowed_networks=here, expires_at=None)
    pk = issue(alices_license, name="export", allowed_networks=["127.0.0.1/32"]).token.pk

    assert_problem(manager.patch(f"tokens/{pk}", change), 403, "beyond_the_calling_token")
    assert manager.patch(f"tokens/{pk}", {"allowed_networks": ["127.0.0.2"]}).status_code == 200


def test_a_token_cannot_widen_itself(manager: Script) -> None:
    response = manager.patch(f"tokens/{manager.issued.token.pk}", {"scopes": ["tokens:write", "account:write"]})

    assert_problem(response, 403, "beyond_the_calling_token")


def test_who_edits_what_was_changed_since_is_told_so(manager: Script, alices_license: License) -> None:
    path = f"tokens/{issue(alices_license, name='export').token.pk}"
    seen = manager.get(path)["ETag"]

    first = manager.patch(path, {"name": "import"}, If_Match=seen)
    second = manager.patch(path, {"name": "report"}, If_Match=seen)

    assert first.status_code == 200
    assert first["ETag"] != seen
    assert_problem(second, 412, "precondition_failed")
    assert manager.patch(path, {"name": "report"}, If_Match=f'"other", {first["ETag"]}').status_code == 200
    assert manager.patch(path, {"name": "export"}, If_Match="*").status_code == 200


@pytest.mark.parametrize("tag", ['"never"', "nonsense", 'W/"{}"', ""])
def test_a_tag_that_is_not_the_current_one_fails(manager: Script, tag: str) -> None:
    path = f"tokens/{manager.issued.token.pk}"
    current = manager.get(path)["ETag"].strip('"')

    assert_problem(manager.patch(path, {"name": "x"}, If_Match=tag.format(current)), 412, "precondition_failed")


def test_use_makes_no_new_version(manager: Script) -> None:
    path = f"tokens/{manager.issued.token.pk}"
    seen = manager.get(path)["ETag"]
    Token.objects.update(last_used_at=timezone.now() + timedelta(minutes=5), last_used_address="192.0.2.9")

    assert manager.get(path)["ETag"] == seen


def test_a_token_is_rotated_and_the_old_one_works_for_the_overlap(manager: Script, alices_license: License) -> None:
    former = issue(alices_license, name="export", expires_at=None)

    response = manager.post(f"tokens/{former.token.pk}/rotate", {"overlap_seconds": 60})

    assert response.status_code == 201
    assert works(response.json()["plaintext"])
    assert works(str(former.plaintext))
    assert manager.get(f"tokens/{former.token.pk}").json()["state"] == "ending"


def test_rotation_hands_over_nothing_greater_than_the_calling_token(
    manager: Script, everything: Script, alices_license: License
) -> None:
    greater = issue(alices_license, name="export", scope="account:write", expires_at=None).token

    assert_problem(manager.post(f"tokens/{greater.pk}/rotate"), 403, "beyond_the_calling_token")
    assert everything.post(f"tokens/{greater.pk}/rotate").status_code == 201


def test_rotation_hands_over_nothing_that_outlives_the_calling_token(alices_license: License) -> None:
    manager = script_of(alices_license, "tokens:write account:read", expires_at=timezone.now() + timedelta(days=1))
    lasting = issue(alices_license, name="export", expires_at=timezone.now() + timedelta(days=2)).token

    assert_problem(manager.post(f"tokens/{lasting.pk}/rotate"), 403, "beyond_the_calling_token")


@pytest.mark.parametrize("body", [{"overlap_seconds": -1}, {"overlap_seconds": 604801}, {"overlap_seconds": "60"}])
def test_an_overlap_is_at_most_a_week(manager: Script, alices_license: License, body: dict[str, Any]) -> None:
    token = issue(alices_license, name="export", expires_at=None).token

    assert_problem(manager.post(f"tokens/{token.pk}/rotate", body), 422, "invalid_request")


def test_revoked_and_let_in_again(manager: Script, alices_license: License) -> None:
    issued = issue(alices_license, name="export")
    path = f"tokens/{issued.token.pk}"

    stopped = manager.post(f"{path}/revoke", {"reason": "Left on a train."}).json()

    assert (stopped["state"], stopped["hold"], stopped["reason"]) == ("revoked", "owner", "Left on a train.")
    assert not works(str(issued.plaintext))
    assert manager.post(f"{path}/revoke").status_code == 200
    assert manager.post(f"{path}/re-approve").json()["state"] == "active"
    assert works(str(issued.plaintext))


def test_what_an_administrator_stopped_its_owner_cannot_let_in(
    manager: Script, alices_license: License, bob: User
) -> None:
    token = lifecycle.revoke(actor=Actor(bob), token=issue(alices_license, name="export").token)

    assert token.hold == Hold.ADMINISTRATOR
    assert_problem(manager.post(f"tokens/{token.pk}/re-approve"), 409, "not_reapprovable")


def test_nothing_greater_than_the_calling_token_is_let_in_again(
    manager: Script, everything: Script, alices_license: License, alice: User
) -> None:
    greater = issue(alices_license, name="export", scope="organization:write").token
    lifecycle.revoke(actor=Actor(alice), token=greater)

    assert_problem(manager.post(f"tokens/{greater.pk}/re-approve"), 403, "beyond_the_calling_token")
    assert everything.post(f"tokens/{greater.pk}/re-approve").status_code == 200


KEY = "0f3c1a52-9c5b-4a57-8f3f-7e3d7c0b4f11"


def test_a_request_that_is_sent_again_is_done_once(manager: Script) -> None:
    first = manager.post("tokens", DRAFT, Idempotency_Key=KEY)
    again = manager.post("tokens", DRAFT, Idempotency_Key=KEY)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() | {"plaintext": None} == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Token.objects.filter(name="ci").count() == 1


def test_a_rotation_that_is_sent_again_is_done_once(manager: Script, alices_license: License) -> None:
    token = issue(alices_license, name="export", expires_at=None).token

    answers = [manager.post(f"tokens/{token.pk}/rotate", Idempotency_Key=KEY) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert token.successors.count() == 1


def test_a_key_that_comes_with_another_request_is_refused(manager: Script) -> None:
    manager.post("tokens", DRAFT, Idempotency_Key=KEY)

    response = manager.post("tokens", DRAFT | {"name": "other"}, Idempotency_Key=KEY)

    assert_problem(response, 422, "idempotency_key_reused")
    assert not Token.objects.filter(name="other").exists()


def test_two_people_may_choose_the_same_key(manager: Script, bob: User) -> None:
    manager.post("tokens", DRAFT, Idempotency_Key=KEY)

    assert account_script(bob).post("tokens", DRAFT, Idempotency_Key=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "\u00e9"], ids=ascii)
def test_a_key_is_visible_ascii(manager: Script, key: str) -> None:
    assert_problem(manager.post("tokens", DRAFT, Idempotency_Key=key), 422, "invalid_request")
