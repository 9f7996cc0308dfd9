"""Every act is one transaction with one row in the audit log."""

import json
from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection

from accounts.actor import Actor
from accounts.models import AuditEvent, License, Organization
from tests.factories import issue
from tokens import lifecycle
from tokens.lifecycle import Issued
from tokens.models import Token


@pytest.fixture
def acts(alices_license: License, settings) -> dict[str, Callable[[], object]]:
    """One of each, by what the audit log calls it, in an order in which all of them are allowed."""
    settings.ACCOUNT_TOKEN_REVEAL = "recent-sign-in"
    owner, token = alices_license.user, issue(alices_license, name="first").token
    alice = Actor(owner, "192.0.2.7", "curl/8")
    return {
        "token.created": lambda: issue(alices_license, name="second"),
        "token.edited": lambda: lifecycle.edit(actor=alice, token=token, name="third", scope=["tokens:read"]),
        "token.revoked": lambda: lifecycle.revoke(actor=alice, token=token),
        "token.reapproved": lambda: lifecycle.reapprove(actor=alice, token=token),
        "account_token.created": lambda: lifecycle.regenerate(actor=alice, owner=owner),
        "account_token.regenerated": lambda: lifecycle.regenerate(actor=alice, owner=owner),
        "account_token.revealed": lambda: lifecycle.reveal(actor=alice, owner=owner),
    }


def test_every_act_writes_one_row_that_says_who_to_whose_and_which_token(
    acts: dict[str, Callable[[], object]], alices_license: License, organization: Organization
) -> None:
    for action, act in acts.items():
        before = AuditEvent.objects.count()
        act()
        event = AuditEvent.objects.latest("pk")
        assert (event.action, AuditEvent.objects.count() - before) == (action, 1)
        assert (event.actor, event.subject) == (alices_license.user, alices_license.user)
        assert event.organization == organization
        token = Token.objects.get(pk=event.token_id)
        assert (event.token_name, event.token_hint) == (token.name, token.hint)


def test_no_row_holds_a_plaintext(acts: dict[str, Callable[[], object]]) -> None:
    results = [act() for act in acts.values()]

    plaintexts = [result.plaintext for result in results if isinstance(result, Issued)]
    log = json.dumps(list(AuditEvent.objects.values()), default=str)
    assert len(plaintexts) == 4
    assert not [text for text in plaintexts if text[8:-4] in log]


@pytest.mark.django_db(transaction=True)
def test_an_act_that_cannot_be_put_in_the_audit_log_does_not_happen(acts: dict[str, Callable[[], object]]) -> None:
    def refuse_audit(execute, sql, params, many, context):
        if sql.startswith('INSERT INTO "accounts_auditevent"'):
            raise DatabaseError("The disk is full.")
        return execute(sql, params, many, context)

    for act in acts.values():
        before = list(Token.objects.order_by("pk").values())
        with connection.execute_wrapper(refuse_audit), pytest.raises(DatabaseError, match="disk is full"):
            act()
        assert list(Token.objects.order_by("pk").values()) == before
        act()
