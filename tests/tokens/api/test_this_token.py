"""What any token may do with itself."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import License, User
from tests.tokens.api.scripts import Script, assert_problem, script_of
from tokens.models import Hold, Policy, Token


def status_of(plaintext: str) -> int:
    return Client(headers={"Authorization": f"Bearer {plaintext}"}).get("/api/v1/tokens/self").status_code


def test_a_token_that_may_only_read_rotates_itself(alices_license: License) -> None:
    script = script_of(alices_license, "account:read")

    response = script.post("tokens/self/rotate", {"overlap_seconds": 0})

    assert response.status_code == 201
    assert status_of(response.json()["plaintext"]) == 200
    assert response.json()["scopes"] == ["account:read"]
    assert status_of(str(script.issued.plaintext)) == 401


def test_without_a_word_about_it_the_old_one_works_for_a_day(alices_license: License) -> None:
    script = script_of(alices_license, "account:read")

    script.post("tokens/self/rotate")

    assert status_of(str(script.issued.plaintext)) == 200
    former = Token.objects.get(pk=script.issued.token.pk)
    assert former.stops_at
    assert former.replaced_at
    assert (former.stops_at - former.replaced_at).total_seconds() == 24 * 3600


@pytest.mark.parametrize(("scope", "lives_on"), [("account:write tokens:read", False), ("tokens:write", True)])
def test_to_live_longer_by_rotating_takes_writing_tokens(alices_license: License, scope: str, lives_on: bool) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=40)):
        script = script_of(alices_license, scope, expires_at=timezone.now() + timedelta(days=60))

    script.post("tokens/self/rotate")

    former, successor = Token.objects.order_by("pk").values_list("expires_at", flat=True)
    assert successor - former == timedelta(days=40 if lives_on else 0)


def test_an_account_token_is_regenerated(everything: Script, alice: User) -> None:
    response = everything.post("tokens/self/rotate")

    assert response.status_code == 201
    assert status_of(response.json()["plaintext"]) == 200
    assert status_of(str(everything.issued.plaintext)) == 401
    assert Token.objects.get(pk=everything.issued.token.pk).hold == Hold.REGENERATED


def test_an_account_token_has_no_overlap(everything: Script) -> None:
    assert_problem(everything.post("tokens/self/rotate", {"overlap_seconds": 60}), 409, "no_overlap")
    assert status_of(str(everything.issued.plaintext)) == 200


def test_a_token_revokes_itself(alices_license: License) -> None:
    script = script_of(alices_license, "account:read")

    answer = script.post("tokens/self/revoke", {"reason": "No longer needed."})

    assert (answer.json()["state"], answer.json()["hold"]) == ("revoked", "owner")
    assert status_of(str(script.issued.plaintext)) == 401


def test_who_comes_without_a_token_has_none_to_speak_of(db: None) -> None:
    for path in ("tokens/self/rotate", "tokens/self/revoke"):
        assert_problem(Client().post(f"/api/v1/{path}"), 401, "credential_missing")


def test_a_token_that_awaits_approval_can_do_neither(alices_license: License) -> None:
    Policy.objects.create(organization=alices_license.organization, requires_approval=True)
    script = script_of(alices_license, "account:read")

    assert_problem(script.post("tokens/self/rotate"), 403, "approval_pending")
    assert_problem(script.post("tokens/self/revoke"), 403, "approval_pending")
