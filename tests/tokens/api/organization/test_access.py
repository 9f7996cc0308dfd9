"""Which organizations a token reaches, and what their policies ask of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from tests.factories import LicenseFactory, OrganizationFactory
from tests.tokens.api.scripts import Script, assert_problem, script_of
from tokens.ledger import ledger
from tokens.models import Policy, RefusalDay, Token

HERE = "organization/meridian"


def slugs(script: Script) -> list[str]:
    return [organization["slug"] for organization in script.get("organization").json()["items"]]


def test_an_account_token_reaches_all_that_its_owner_administers(bobs_account: Script, bob: User) -> None:
    LicenseFactory(user=bob, organization=OrganizationFactory(slug="second"), administrator=True)
    LicenseFactory(user=bob, organization=OrganizationFactory(slug="third"))

    assert slugs(bobs_account) == ["second", "meridian"]
    assert bobs_account.get("organization/second").status_code == 200


def test_a_named_token_reaches_the_organization_of_its_license(governor: Script, bob: User) -> None:
    LicenseFactory(user=bob, organization=OrganizationFactory(slug="second"), administrator=True)
    individual = script_of(LicenseFactory(user=bob, individual=True), "organization:read")

    assert slugs(governor) == ["meridian"]
    assert slugs(individual) == []


def test_an_organization_tells_what_it_holds(governor: Script, alice: User) -> None:
    facts = governor.get(HERE).json()

    assert facts.pop("created_at")
    assert facts == {
        "slug": "meridian",
        "name": "Meridian Cartography",
        "seats": None,
        "seats_taken": 2,
        "token_count": 1,
    }


BLOCKED: list[tuple[dict[str, Any], int, str, str | None]] = [
    ({"lifetime": timedelta(days=30)}, 401, "policy_blocked", "lifetime"),
    ({"requires_expiry": True}, 401, "policy_blocked", "expiry"),
    ({"requires_second_factor": True}, 401, "policy_blocked", "second-factor"),
    ({"idle_after": timedelta(days=30)}, 401, "policy_blocked", "idle"),
    ({"allowed_networks": ["192.0.2.0/24"]}, 403, "address_denied", None),
]


@pytest.mark.parametrize(("rule", "status", "code", "told"), BLOCKED, ids=[str(told) for *_, told in BLOCKED])
def test_an_account_token_keeps_to_the_policy_of_what_it_reaches_into(
    bobs_account: Script, policy: Policy, rule: dict[str, Any], status: int, code: str, told: str | None
) -> None:
    long_ago = timezone.now() - timedelta(days=31)
    Token.objects.filter(pk=bobs_account.issued.token.pk).update(created_at=long_ago)
    assert bobs_account.get(HERE).status_code == 200
    Token.objects.update(first_used_at=None, last_used_at=None)

    Policy.objects.update(**rule)
    response = bobs_account.get(HERE)

    assert_problem(response, status, code)
    assert response.json().get("rule") == told
    assert bobs_account.get("me").status_code == 200
    ledger.flush()
    assert RefusalDay.objects.get().code == code


def test_the_policy_is_told_to_those_who_govern_and_to_nobody_else(policy: Policy, charlie: User) -> None:
    Policy.objects.update(requires_expiry=True)
    stranger = script_of(LicenseFactory(user=charlie, individual=True), "organization:read", expires_at=None)

    assert_problem(stranger.get(HERE), 404, "not_found")
