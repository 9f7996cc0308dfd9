"""How rows are written, each with its audit row."""

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.models import User
from tokens import format, hashing, sealing
from tokens.lifecycle.outcome import Issued
from tokens.models import LIFTED_BY_OWNER, Hold, Token, TokenQuerySet


def create(*, scope: str, **fields: object) -> Issued:
    plaintext = format.generate(settings.TOKEN_PREFIX)
    pepper = hashing.newest_pepper()
    token = Token.objects.create(
        **fields,
        scope=scope,
        digest=hashing.digest(plaintext, pepper),
        pepper=pepper,
        hint=format.hint(plaintext),
        sealed=None if fields["license"] else sealing.seal(plaintext),
    )
    return Issued(token, plaintext)


def hold_back(token: Token, hold: Hold, *, actor: Actor) -> None:
    token.revoked_at = token.revoked_at or timezone.now()
    token.hold, token.revoked_by, token.sealed = hold, actor.user, None
    token.save(update_fields=["revoked_at", "hold", "revoked_by", "sealed"])


def stop(token: Token, hold: Hold, *, actor: Actor) -> None:
    hold_back(token, hold, actor=actor)
    record("token.revoked", token, actor=actor, hold=hold)


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
