"""How rows are written, each with its audit row."""

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.models import License, User
from tokens import format, hashing, sealing
from tokens.lifecycle.outcome import Issued
from tokens.models import LIFTED_BY_OWNER, Hold, Token, TokenQuerySet


def create(*, license: License | None, scope: str, **fields: object) -> Issued:
    plaintext = format.generate(settings.TOKEN_PREFIX)
    pepper = hashing.newest_pepper()
    token = Token.objects.create(
        **fields,
        license=license,
        organization=license.organization if license else None,
        scope=scope,
        digest=hashing.digest(plaintext, pepper),
        pepper=pepper,
        hint=format.hint(plaintext),
        sealed=None if license else sealing.seal(plaintext),
    )
    return Issued(token, plaintext)


def hold_back(token: Token, hold: Hold, *, actor: Actor, reason: str = "") -> None:
    token.revoked_at = token.revoked_at or timezone.now()
    token.hold, token.revoked_by, token.stop_reason, token.sealed = hold, actor.user, reason, None
    token.save(update_fields=["revoked_at", "hold", "revoked_by", "stop_reason", "sealed"])


def stop(token: Token, hold: Hold, *, actor: Actor, reason: str = "", **details: object) -> None:
    hold_back(token, hold, actor=actor, reason=reason)
    record("token.revoked", token, actor=actor, hold=hold, **given(reason), **details)


def given(reason: str) -> dict[str, Any]:
    """For the audit log, which says nothing of a reason that nobody gave."""
    return {"reason": reason} if reason else {}


def stop_all(tokens: TokenQuerySet, hold: Hold, *, owner: User, actor: Actor) -> None:
    """Tokens of one person. A deactivation also takes over what the owner could let in again."""
    stoppable = Q(revoked_at=None)
    if hold == Hold.DEACTIVATION:
        stoppable |= Q(hold__in=LIFTED_BY_OWNER)
    found = tokens.unexpired(timezone.now()).filter(stoppable).with_surroundings()
    stopped = list(found.order_by("pk").select_for_update(of=("self",)))
    if stopped:
        audit.lock_chains_of(owner)
    for token in stopped:
        stop(token, hold, actor=actor)


def record(action: str, token: Token, *, actor: Actor, **details: object) -> None:
    """Into the chain of the token's organization; what happens to an account token, into those of its owner."""
    if token.license is None:
        audit.record_about_person(action, token.owner, actor=actor, token=token, **details)
        return
    organization = token.license.organization
    audit.record(action, actor=actor, subject=token.owner, organization=organization, token=token, **details)
