"""Every operation on an organization, and everybody who has no business there: not there, and nothing changed.

Operations are read from the API's own description, so that a new one is tried before anybody thinks of it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import seats
from accounts.actor import Actor
from accounts.models import License, User
from tests.factories import LicenseFactory, OrganizationFactory, invite, issue
from tests.journeys.test_strangers import rows
from tests.tokens.api.scripts import Script, account_script, script_of
from tokens.api.endpoints import api
from tokens.models import Token

PLACE = "/api/v1/organization/{slug}"
OPERATIONS = {
    operation["operationId"]: (method, path)
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method, operation in methods.items()
    if path.startswith(PLACE)
}
CHANGING = {name for name, (method, _) in OPERATIONS.items() if method != "get"}
ABOUT_ONE_ROW = {name for name, (_, path) in OPERATIONS.items() if "_id}" in path}

# What would be carried out for whoever governs.
BODIES: dict[str, Any] = {
    "create_organization_token": {"name": "taken-over", "scopes": ["organization:write"]},
    "edit_organization_token": {"name": "taken-over"},
    "reapprove_organization_token": {"reason": "To try it."},
    "revoke_organization_tokens": {"filter": {}, "count": 5},
    "edit_member": {"role": "administrator"},
    "create_service_account": {"name": "Intruder"},
    "create_invitation": {"email": "intruder@example.org", "role": "administrator", "license_name": "Studio"},
    "edit_policy": {"requires_expiry": True},
    "preview_policy": {"requires_expiry": True},
}


@pytest.fixture
def rows_by_name(alices_license: License, robot: License, bob: User) -> dict[str, int]:
    """What the numbers in addresses stand for; besides, a second administrator, who lets Bob go."""
    LicenseFactory(organization=alices_license.organization, administrator=True)
    issue(alices_license, "export")
    return {
        "token_id": issue(robot, "deploy").token.pk,
        "license_id": alices_license.pk,
        "invitation_id": invite(alices_license.organization, bob).pk,
    }


def statuses(script: Script | Client, numbers: dict[str, int], names: set[str] | None = None, slug: str = "meridian"):
    client = script.client if isinstance(script, Script) else script
    given = {}
    for name in names or set(OPERATIONS):
        method, path = OPERATIONS[name]
        options = {"content_type": "application/json", "data": BODIES.get(name, {})} if method != "get" else {}
        answer = getattr(client, method)(path.format(slug=slug, **numbers), headers={"If-Match": '"x"'}, **options)
        given[name] = (answer.status_code, answer.json().get("code") if answer.status_code >= 400 else "")
    return given


def everywhere(status: int, code: str, names: set[str] | None = None) -> dict[str, tuple[int, str]]:
    return dict.fromkeys(names or set(OPERATIONS), (status, code))


def former_administrator(bob: User, **fact: Any) -> Script:
    """Whose account token works on, by a license that is no organization's."""
    LicenseFactory(user=bob, individual=True)
    script = account_script(bob)
    bob.licenses.exclude(organization=None).update(**fact)
    return script


def elsewhere_too(bob: User) -> Script:
    """Bob administers another organization as well; the token hangs on his license there."""
    other = LicenseFactory(user=bob, organization=OrganizationFactory(slug="second"), administrator=True)
    return script_of(other, "organization:write")


STRANGERS: dict[str, Callable[[dict[str, Any]], Script]] = {
    "somebody": lambda cast: account_script(cast["charlie"]),
    "a member": lambda cast: script_of(cast["alice"].licenses.get(), "organization:write"),
    "a member's account token": lambda cast: account_script(cast["alice"]),
    "an administrator of another organization": lambda cast: account_script(cast["mallory"]),
    "a token of the administrator's license elsewhere": lambda cast: elsewhere_too(cast["bob"]),
    "a service account": lambda cast: script_of(cast["robot"], "organization:write"),
    "an administrator whose license is deactivated": lambda cast: former_administrator(
        cast["bob"], deactivated_at=timezone.now()
    ),
    "an administrator whose license has ended": lambda cast: former_administrator(
        cast["bob"], valid_until=timezone.now() - timedelta(seconds=1)
    ),
    "an administrator who was demoted": lambda cast: former_administrator(cast["bob"], role="member"),
}


@pytest.mark.parametrize("who", STRANGERS)
def test_it_is_not_there_for(request: pytest.FixtureRequest, rows_by_name: dict[str, int], who: str) -> None:
    cast = {name: request.getfixturevalue(name) for name in ("alice", "bob", "charlie", "mallory", "robot")}
    script = STRANGERS[who](cast)
    before = rows()

    given = statuses(script, rows_by_name)

    assert given == everywhere(404, "not_found")
    assert unused(rows()) == unused(before)


def unused(everything: list[Any]) -> list[Any]:
    """Without what a call writes of its own token."""
    tokens, *others = everything
    uses = {"first_used_at", "last_used_at", "last_used_address"}
    return [[{name: value for name, value in row.items() if name not in uses} for row in tokens], *others]


def test_it_is_not_there_without_a_token(rows_by_name: dict[str, int]) -> None:
    before = rows()

    assert statuses(Client(), rows_by_name) == everywhere(401, "credential_missing")
    assert rows() == before


def test_a_token_without_the_permission_is_told_so(rows_by_name: dict[str, int], bob: User) -> None:
    script = script_of(bob.licenses.get(), "tokens:write account:write")

    assert statuses(script, rows_by_name) == everywhere(403, "scope_missing")


def test_a_token_that_may_read_changes_nothing(rows_by_name: dict[str, int], reader: Script) -> None:
    before = rows()

    assert statuses(reader, rows_by_name, CHANGING) == everywhere(403, "scope_missing", CHANGING)
    assert unused(rows()) == unused(before)


def test_rows_of_another_organization_are_not_there_under_ones_own(rows_by_name: dict[str, int], mallory: User) -> None:
    script = account_script(mallory)
    before = rows()

    given = statuses(script, rows_by_name, ABOUT_ONE_ROW, slug="elsewhere")

    assert given == everywhere(404, "not_found", ABOUT_ONE_ROW)
    assert unused(rows()) == unused(before)


def test_who_governs_finds_every_address_of_the_table(
    rows_by_name: dict[str, int], governor: Script, bobs_account: Script
) -> None:
    """Or the tests above would pass with misspelled ones."""
    for script in (governor, bobs_account):
        given = statuses(script, rows_by_name)

        assert not {name for name, (status, _) in given.items() if status in {401, 403, 404, 405, 422}} - {
            "withdraw_invitation",
            "resend_invitation",
        }


def test_who_is_deactivated_is_out_with_the_same_commit(
    rows_by_name: dict[str, int], bob: User, governor: Script
) -> None:
    other = License.objects.governing().exclude(user=bob).get()

    seats.deactivate_license(bob.licenses.get(), actor=Actor(other.user))

    assert statuses(governor, rows_by_name) == everywhere(401, "token_revoked")
    assert Token.objects.get(pk=governor.issued.token.pk).hold == "deactivation"
