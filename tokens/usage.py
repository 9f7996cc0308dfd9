"""When and from where a token was last used."""

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from tokens.models import Token

WRITTEN_EVERY = timedelta(minutes=1)


def note_use(token: Token, *, now: datetime, address: str) -> None:
    """Write the first use at once, later ones at most once a minute. The others cost nothing."""
    if token.last_used_at is not None and now - token.last_used_at < WRITTEN_EVERY:
        return
    earlier = Q(last_used_at=None) | Q(last_used_at__lt=now)  # two calls may arrive here in the other order
    Token.objects.filter(earlier, pk=token.pk).update(
        first_used_at=Coalesce(F("first_used_at"), now), last_used_at=now, last_used_address=address or None
    )
