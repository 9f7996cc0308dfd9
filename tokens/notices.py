"""Letters before a token expires: 30, 7 and 1 days ahead, each once, whoever asks and however often."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from tokens import letters
from tokens.models import Notice, Token

DAYS_AHEAD = (30, 7, 1)
KNOWN_FOR = timedelta(days=1)


def due(now: datetime) -> list[tuple[Token, int]]:
    """Tokens with a notice whose moment has come, each with the closest one.

    A token that was made less than a day before the moment of a notice gets none for it: who chose seven days
    knows of them.
    """
    soon = Q(expires_at__gt=now, expires_at__lte=now + timedelta(days=max(DAYS_AHEAD)))
    expiring = Token.objects.filter(soon, revoked_at=None, replaced_at=None, owner__is_active=True)
    expiring = expiring.with_surroundings().prefetch_related("notices")
    found = []
    for token in expiring.order_by("owner", "pk"):
        days = closest(token, now)
        if days and days not in {notice.days for notice in token.notices.all()}:
            found.append((token, days))
    return found


def closest(token: Token, now: datetime) -> int | None:
    assert token.expires_at is not None  # noqa: S101 - only expiring tokens come here
    passed = [
        days
        for days in DAYS_AHEAD
        if token.created_at + KNOWN_FOR <= token.expires_at - timedelta(days=days) <= now < token.expires_at
    ]
    return min(passed, default=None)


def send(token: Token, days: int, now: datetime) -> bool:
    """Claim the notice, then write. Of two who try at once one claims it; a letter that did not leave is given back."""
    try:
        with transaction.atomic():
            notice = Notice.objects.create(token=token, days=days, sent_at=now)
    except IntegrityError:
        return False
    if letters.send("expiring", token, letters.readers(token), days=days):
        return True
    notice.delete()
    return False
