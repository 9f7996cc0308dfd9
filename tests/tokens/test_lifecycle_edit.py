"""What may be changed while a token lives."""

import pytest

from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, User
from tests.factories import issue
from tests.tokens.scenes import let_expire
from tokens import lifecycle
from tokens.lifecycle import ActRefused, Issued
from tokens.models import Token


def test_what_may_be_changed_is_changed_and_recorded_with_what_it_was(issued: Issued, alice: User) -> None:
    lifecycle.edit(
        actor=Actor(alice),
        token=issued.token,
        name="hourly-export",
        scope=["tokens:read"],
        allowed_networks=["192.0.2.0/24"],
    )

    token = Token.objects.get()
    assert (token.name, token.scope, token.allowed_networks) == ("hourly-export", "tokens:read", ["192.0.2.0/24"])
    assert (bytes(token.digest), token.expires_at) == (issued.token.digest, issued.token.expires_at)
    event = AuditEvent.objects.get(action="token.edited")
    assert (event.actor, event.subject) == (alice, token.owner)
    assert event.details["changes"] == {
        "name": ["nightly-export", "hourly-export"],
        "scope": ["account:read", "tokens:read"],
        "allowed_networks": [[], ["192.0.2.0/24"]],
    }


def test_a_token_may_keep_its_name_in_other_letters(issued: Issued) -> None:
    lifecycle.edit(actor=SYSTEM, token=issued.token, name="Nightly-Export", scope=["account:read"])

    assert Token.objects.get().name == "Nightly-Export"


def test_an_edit_that_changes_nothing_is_not_recorded(issued: Issued) -> None:
    lifecycle.edit(actor=SYSTEM, token=issued.token, name="nightly-export", scope=["account:read"])

    assert not AuditEvent.objects.filter(action="token.edited").exists()


@pytest.mark.parametrize(
    ("change", "fields", "reason"),
    [
        (lambda token: lifecycle.revoke(actor=SYSTEM, token=token), {}, "has ended"),
        (let_expire, {}, "has ended"),
        (lambda token: issue(token.license, name="taken"), {"name": "TAKEN"}, "already a token named TAKEN"),
        (lambda token: None, {"scope": []}, "at least one permission"),
        (lambda token: None, {"scope": ["nothing:read"]}, "no permission nothing:read"),
    ],
    ids=["revoked", "expired", "name taken", "no scope", "unknown scope"],
)
def test_an_edit_is_refused_for_a_reason_and_changes_nothing(issued: Issued, change, fields: dict, reason: str) -> None:
    change(issued.token)
    fields = {"name": "hourly-export", "scope": ["tokens:read"]} | fields

    with pytest.raises(ActRefused, match=reason):
        lifecycle.edit(actor=SYSTEM, token=issued.token, **fields)

    token = Token.objects.get(pk=issued.token.pk)
    assert (token.name, token.scope) == ("nightly-export", "account:read")
    assert not AuditEvent.objects.filter(action="token.edited").exists()
