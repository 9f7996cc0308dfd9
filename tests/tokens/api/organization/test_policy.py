"""The policy of an organization, read, tried and changed by scripts."""

from typing import Any

import pytest

from accounts.models import AuditEvent, License, User
from tests.factories import issue
from tests.tokens.api.scripts import Script, assert_problem, pointers
from tokens.models import Policy

POLICY = "organization/meridian/policy"
ASKS_NOTHING = {
    "lifetime_days": None,
    "requires_expiry": False,
    "allowed_networks": [],
    "revokes_on_sign_out": False,
    "requires_second_factor": False,
    "idle_days": None,
    "withheld_scopes": [],
    "requires_approval": False,
    "changed_at": None,
    "changed_by": None,
}


def test_where_none_was_saved_it_asks_nothing(reader: Script) -> None:
    assert reader.get(POLICY).json() == ASKS_NOTHING


def test_it_is_changed_as_it_was_read_and_what_is_left_out_stays(governor: Script, bob: User) -> None:
    seen = governor.get(POLICY)["ETag"]
    change = {
        "idle_days": 90,
        "allowed_networks": ["127.0.0.0/8", "127.0.0.5/8"],
        "withheld_scopes": ["tokens:write", "organization:write", "organization:read"],
    }

    first = governor.patch(POLICY, change, If_Match=seen)
    second = governor.patch(POLICY, {"idle_days": None}, If_Match=first["ETag"])

    assert first.json()["idle_days"] == 90
    assert first.json()["changed_by"] == "Bob Reyes"
    assert second.json()["idle_days"] is None
    assert second.json()["allowed_networks"] == ["127.0.0.0/8"]
    assert second.json()["withheld_scopes"] == ["organization:read", "tokens:write"]
    assert Policy.objects.get().withheld_scope == "organization:read tokens:write"
    event = AuditEvent.objects.filter(action="policy.changed").earliest("pk")
    assert event.details["changes"]["idle_after"] == [None, 90]
    assert event.details["through"] == governor.issued.token.hint
    assert governor.get(POLICY)["ETag"] == second["ETag"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 428, "precondition_required"),
        ({"If_Match": "*"}, 428, "precondition_required"),
        ({"If_Match": '"other"'}, 412, "precondition_failed"),
    ],
    ids=str,
)
def test_nobody_changes_what_they_did_not_read(
    governor: Script, headers: dict[str, str], status: int, code: str
) -> None:
    assert_problem(governor.patch(POLICY, {"requires_expiry": True}, **headers), status, code)
    assert not Policy.objects.exists()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lifetime_days": 0}, "/lifetime_days"),
        ({"lifetime_days": 3651}, "/lifetime_days"),
        ({"idle_days": 366}, "/idle_days"),
        ({"requires_expiry": None}, "/requires_expiry"),
        ({"requires_expiry": 1}, "/requires_expiry"),
        ({"allowed_networks": ["192.0.2.0/33"]}, "/allowed_networks/0"),
        ({"withheld_scopes": ["tokens:read", "tokens:delete"]}, "/withheld_scopes/1"),
        ({"requires_second_factor": True}, "/requires_second_factor"),
        ({"lifetime": 5}, "/lifetime"),
    ],
    ids=str,
)
def test_a_rule_that_is_not_valid_changes_nothing(governor: Script, change: dict[str, Any], pointer: str) -> None:
    response = governor.patch(POLICY, change, If_Match=governor.get(POLICY)["ETag"])

    assert_problem(response, 422, "invalid_request")
    assert pointers(response) == [pointer]
    assert not Policy.objects.exists()


def test_what_other_rules_would_do_is_counted_and_nothing_is_changed(
    governor: Script, alices_license: License, policy: Policy
) -> None:
    issue(alices_license, "forever", expires_at=None)
    issue(alices_license, "export", "account:write")

    effect = governor.post(f"{POLICY}/preview", {"requires_expiry": True, "withheld_scopes": ["account:write"]})

    assert effect.json() == {
        "blocked": 2,
        "names": [governor.issued.token.name, "forever"],
        "freed": 0,
        "elsewhere": 0,
        "narrowed": 1,
    }
    assert governor.get(POLICY).json() == ASKS_NOTHING


def test_a_policy_that_is_tightened_holds_from_the_next_call_on(governor: Script, reader: Script) -> None:
    seen = governor.get(POLICY)["ETag"]

    governor.patch(POLICY, {"allowed_networks": ["192.0.2.0/24"]}, If_Match=seen)

    assert_problem(reader.get(POLICY), 403, "address_denied")
