"""Tokens as the commands of operators list them: every fact, and never a text or a digest."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone

from tokens.models import Token, TokenQuerySet

AT_ONCE = 1000
FACTS = ("name", "hint", "created_at", "expires_at", "revoked_at", "last_used_at", "last_used_address", "pepper")


def listed(tokens: TokenQuerySet) -> Iterator[dict[str, Any]]:
    """In the order in which they were made, a thousand at a time."""
    now = timezone.now()
    for token in tokens.with_surroundings().order_by("pk").iterator(chunk_size=AT_ONCE):
        yield described(token, now)


def described(token: Token, now: datetime | None = None) -> dict[str, Any]:
    license = token.license
    organization = license.organization if license else None
    return {
        "id": token.pk,
        **{name: getattr(token, name) for name in FACTS},
        "owner": token.owner.email,
        "license": license.number if license else None,
        "organization": organization.slug if organization else None,
        "scopes": sorted(token.scopes),
        "state": token.state(now or timezone.now()).value,
        "hold": token.hold,
        "imported": token.is_imported,
    }
