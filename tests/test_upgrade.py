"""Rows of the schema before, walked forward to today's: all are kept, every token is answered as before, the log holds.

What the code of that day knew of the tables is what migrations remember of its models: it stands for a server of the
release before, which goes on reading and writing while the new schema is there.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import verification
from accounts.actor import Actor
from accounts.models import License, Organization, User
from tests.calls import call, outcome
from tests.factories import issue, service_account
from tests.migrating import migrate_back, migrate_forward
from tokens import hashing, lifecycle
from tokens.format import generate
from tokens.ledger import ledger
from tokens.lifecycle import Issued
from tokens.models import Token

BEFORE = [("accounts", "0005_members"), ("tokens", "0006_counted_as")]
OURS = {"accounts", "tokens"}
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def tokens(alices_license: License, bob: User) -> dict[str, Issued]:
    """One of each kind, used once."""
    alice, now = Actor(alices_license.user), timezone.now()
    issued = {name: issue(alices_license, name) for name in ("named", "expired", "revoked", "held", "rotated")}
    issued["bound"] = issue(alices_license, "bound", allowed_networks=["192.0.2.0/24"])
    issued["elsewhere"] = issue(alices_license, "elsewhere", allowed_networks=["203.0.113.0/24"])
    issued["service"] = issue(service_account(alices_license.organization), "deploy")
    issued["account"] = lifecycle.regenerate(actor=alice, owner=alices_license.user)
    for each in issued.values():
        call(each)
    ledger.flush()
    issued["successor"] = lifecycle.rotate(actor=alice, token=issued["rotated"].token, overlap=timedelta(hours=1))
    lifecycle.revoke(actor=alice, token=issued["revoked"].token)
    lifecycle.revoke(actor=Actor(bob), token=issued["held"].token)
    ended = Token.objects.filter(pk=issued["expired"].token.pk)
    ended.update(created_at=now - timedelta(days=9), expires_at=now - timedelta(days=1))
    return issued


def outcomes(tokens: dict[str, Issued]) -> dict[str, str]:
    return {name: outcome(call(issued)) for name, issued in tokens.items()}


def rows_of(models: Any) -> Rows:
    """As those models read them."""
    return {
        model._meta.db_table: list(model.objects.order_by("pk").values())
        for model in models.get_models()
        if model._meta.app_label in OURS
    }


@pytest.mark.django_db(transaction=True)
def test_the_schema_before_walks_forward_and_nothing_is_lost(
    comes_back: None, organization: Organization, tokens: dict[str, Issued]
) -> None:
    expected = outcomes(tokens)
    ledger.flush()
    former = migrate_back(BEFORE)
    before = rows_of(former)

    migrate_forward()

    assert rows_of(former) == before
    assert len(before["tokens_token"]) == len(tokens)
    assert outcomes(tokens) == expected
    assert set(expected.values()) == {"let in", "token_expired", "token_revoked", "address_denied"}
    for chain in (organization.pk, None):
        verification.verify(chain)


@pytest.mark.django_db(transaction=True)
def test_who_knows_the_schema_before_writes_on_in_todays(
    comes_back: None, alices_license: License, tokens: dict[str, Issued]
) -> None:
    former = migrate_back(BEFORE).get_model("tokens", "Token")
    migrate_forward()
    text, pepper = str(generate("trk_")), hashing.newest_pepper()
    facts = former.objects.filter(pk=tokens["named"].token.pk).values().get()
    facts |= {
        "id": None,
        "name": "made by the release before",
        "digest": hashing.digest(text, pepper),
        "pepper": pepper,
    }

    made = former.objects.create(**facts)
    former.objects.filter(pk=tokens["named"].token.pk).update(revoked_at=timezone.now(), hold="owner")

    written = Issued(Token.objects.get(pk=made.pk), text)
    assert outcomes({"new": written, "stopped": tokens["named"]}) == {"new": "let in", "stopped": "token_revoked"}
