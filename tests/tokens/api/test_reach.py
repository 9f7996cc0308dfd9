"""What a token may not give away, by whichever way it tries: a bound one, one that ends soon, one that was replaced."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import License, User
from tests.factories import LicenseFactory, OrganizationFactory, issue, service_account
from tests.tokens.api.scripts import Script, assert_problem, pointers, script_of
from tokens import bulk, lifecycle
from tokens.models import Token

HERE = ["127.0.0.0/8"]


@pytest.fixture
def replaced(alices_license: License) -> Script:
    """A script whose token was rotated, perhaps because it leaked, and works on for five minutes."""
    script = script_of(alices_license, "tokens:write account:read", expires_at=None)
    lifecycle.rotate(actor=Actor(alices_license.user), token=script.issued.token, overlap=timedelta(minutes=5))
    return script


def test_what_it_issues_ends_with_the_overlap(replaced: Script) -> None:
    endless = replaced.post("tokens", {"name": "ci", "scopes": ["account:read"], "expires_at": None})
    usual = replaced.post("tokens", {"name": "ci", "scopes": ["account:read"]})

    assert_problem(endless, 403, "beyond_the_calling_token")
    former, made = (Token.objects.get(pk=pk) for pk in (replaced.issued.token.pk, usual.json()["id"]))
    assert made.expires_at == former.stops_at


def test_it_does_not_take_the_place_of_its_successor(replaced: Script) -> None:
    successor = replaced.issued.token.successors.get()

    assert_problem(replaced.post(f"tokens/{successor.pk}/rotate"), 403, "beyond_the_calling_token")


@pytest.mark.parametrize("bounds", [{"allowed_networks": HERE}, {"expires_at": timedelta(hours=1)}], ids=str)
def test_it_gives_no_permission_to_one_that_reaches_further(alices_license: License, bounds: dict[str, Any]) -> None:
    if "expires_at" in bounds:
        bounds = {"expires_at": timezone.now() + bounds["expires_at"]}
    script = script_of(alices_license, "tokens:write account:read", **bounds)
    further = issue(alices_license, "export", expires_at=None).token

    gain = script.patch(f"tokens/{further.pk}", {"scopes": ["account:read", "tokens:write"]})

    assert_problem(gain, 403, "beyond_the_calling_token")
    assert script.patch(f"tokens/{further.pk}", {"name": "import"}).status_code == 200


def test_an_administrators_token_widens_no_service_account_beyond_itself(bob: User, alices_license: License) -> None:
    robot = service_account(alices_license.organization)
    token = lifecycle.issue(actor=Actor(bob), license=robot, name="r", scope=["account:read"], expires_at=None).token
    script = script_of(bob.licenses.get(), "organization:write", allowed_networks=HERE)

    gain = script.patch(f"organization/meridian/tokens/{token.pk}", {"scopes": ["account:read", "organization:write"]})

    assert_problem(gain, 403, "beyond_the_calling_token")


def test_a_key_is_not_known_to_another_token_elsewhere(alices_license: License) -> None:
    elsewhere = LicenseFactory(user=alices_license.user, organization=OrganizationFactory())
    one, other = (script_of(license, "account:read") for license in (alices_license, elsewhere))

    answers = [script.post("tokens/self/rotate", Idempotency_Key="monthly") for script in (one, other)]

    assert [answer.status_code for answer in answers] == [201, 201]


def test_left_out_is_not_null(manager: Script) -> None:
    draft = {"name": "ci", "scopes": ["account:read"]}
    manager.post("tokens", draft, Idempotency_Key="k")

    again = manager.post("tokens", draft | {"expires_at": None}, Idempotency_Key="k")

    assert_problem(again, 422, "idempotency_key_reused")


def test_no_end_is_further_away_than_ten_years(manager: Script, alices_license: License) -> None:
    endless = issue(alices_license, "export", expires_at=None).token

    late = manager.patch(f"tokens/{endless.pk}", {"expires_at": "9999-12-31T23:59:59Z"})

    assert_problem(late, 422, "invalid_request")
    assert pointers(late) == ["/expires_at"]
    assert manager.post(f"tokens/{endless.pk}/rotate").status_code == 201


def test_a_run_goes_on_through_the_token_that_began_it(
    bob: User, alices_license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BATCH", 1)
    first = script_of(bob.licenses.get(), "organization:write")
    issue(alices_license)
    second = Script(issue(bob.licenses.get(), "second", "organization:write"))
    run = first.post("organization/meridian/tokens/revoke", {"filter": {}, "count": 2}).json()["run"]

    stopped = second.post("organization/meridian/tokens/revoke", {"run": run})

    assert pointers(stopped) == ["/run"]
    assert second.get("tokens/self").status_code == 200


def test_a_blank_search_is_none(bob: User) -> None:
    script = script_of(bob.licenses.get(), "organization:read")

    for place in ("tokens", "members", "audit"):
        assert_problem(script.get(f"organization/meridian/{place}", q=" "), 422, "invalid_request")
