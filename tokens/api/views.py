"""How tokens are shown to programs."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from tokens.models import Hold, State, Token


def view(token: Token) -> dict[str, Any]:
    """Of a token that was loaded with its surroundings."""
    license, state = token.license, token.state(timezone.now())
    is_held = state == State.REVOKED
    return {
        "id": token.pk,
        "name": token.name,
        "hint": token.hint,
        "scopes": sorted(token.scopes),
        "license": license.number if license else None,
        "organization": license.organization.slug if license and license.organization else None,
        "state": state,
        "hold": (token.hold or Hold.REPLACED) if is_held else None,
        "reason": token.stop_reason or None,
        "allowed_networks": token.allowed_networks,
        "revoke_on_sign_out": token.revoke_on_sign_out,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "stops_at": token.stops_at,
        "revoked_at": token.revoked_at or (token.stops_at if is_held else None),
        "first_used_at": token.first_used_at,
        "last_used_at": token.last_used_at,
        "last_used_address": token.last_used_address,
    }


def own_address(token: Token) -> str | None:
    return None if token.is_account_token else reverse("api:read_token", args=[token.pk])
