"""What is noted of a token while it is used or looked at. Nobody decides it, except to reveal."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import User
from tokens import hashing, sealing, shapes
from tokens.format import Plaintext
from tokens.lifecycle.outcome import Issued
from tokens.lifecycle.rows import record, stop
from tokens.models import Hold, State, Token
from tokens.shapes import Shape


@transaction.atomic
def note_first_use(*, token: Token, now: datetime, address: str | None) -> None:
    """Written at once, so that the page which waits for it turns green; ends a predecessor that was to end then.

    The predecessor is locked first, as a rotation does it, so that the two never wait for each other.
    """
    former = None
    if token.predecessor_id:
        former = Token.objects.select_for_update(of=("self",)).with_surroundings().get(pk=token.predecessor_id)
    written = Token.objects.filter(pk=token.pk, first_used_at=None).update(
        first_used_at=now, last_used_at=now, last_used_address=address
    )
    if written and former and former.stops_on_use and not former.is_revoked:
        stop(former, Hold.REPLACED, actor=SYSTEM)


def redigest(*, token: Token, text: str) -> None:
    """Move a token that is met in use to the newest pepper from an old one. Not an act of anybody: no audit row."""
    pepper = hashing.newest_pepper()
    if token.pepper == pepper:
        return
    is_hashed = token.shape_id is not None and Shape.named(token.shape_id).is_hashed
    digest = shapes.digest_of_text(text, pepper, is_hashed=is_hashed)
    Token.objects.filter(pk=token.pk, pepper=token.pepper).update(digest=digest, pepper=pepper)


@transaction.atomic
def reveal(*, actor: Actor, owner: User) -> Issued | None:
    """The text of the account token where a sealed copy is kept; every look is in the audit log."""
    token = Token.objects.account_token_of(owner)
    plaintext = unsealed(token)
    if token is None or plaintext is None:
        return None
    record("account_token.revealed", token, actor=actor)
    return Issued(token, plaintext)


def unsealed(token: Token | None) -> Plaintext | None:
    works = token is not None and token.state(timezone.now()) == State.ACTIVE
    return sealing.unseal(token.sealed) if token and works else None
