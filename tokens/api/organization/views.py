"""How an organization is shown to its administrators' programs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation, License, User
from tokens.api.views import view
from tokens.models import State, Token


def governed(token: Token) -> dict[str, Any]:
    """Of a token that was loaded with its surroundings, and who revoked it."""
    now = timezone.now()
    shown = view(token)
    return shown | {
        "owner": person(token.owner),
        "stopped_by": token.stopper if shown["state"] == State.REVOKED else None,
        "rule": token.block(now) if shown["state"] == State.BLOCKED else None,
    }


def address_of(token: Token) -> str:
    assert token.organization is not None  # noqa: S101 - those of an organization hang on its licenses
    return reverse("api:read_organization_token", args=[token.organization.slug, token.pk])


def person(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "name": user.display_name,
        "email": user.shown_email,
        "is_service_account": user.is_service_account,
    }


def members(licenses: Iterable[License]) -> list[dict[str, Any]]:
    """With the hooks that are taken: one query for all."""
    licenses, now = list(licenses), timezone.now()
    hanging = Token.objects.filter(license__in=licenses).on_hooks(now).order_by()
    used = dict(hanging.values_list("license").annotate(Count("pk")))
    return [member(license, used.get(license.pk, 0), now) for license in licenses]


def member(license: License, used: int, now: datetime) -> dict[str, Any]:
    return {
        "id": license.pk,
        "number": license.number,
        "name": license.name,
        "person": person(license.user),
        "role": license.role,
        "allowance": license.allowance,
        "used": used,
        "is_in_force": license.user.is_active and license.is_in_force(now),
        "valid_until": license.valid_until,
        "deactivated_at": license.deactivated_at,
        "withdrawn_at": license.withdrawn_at,
        "created_at": license.created_at,
    }


def invitation(row: Invitation) -> dict[str, Any]:
    """Of an invitation that was loaded with its sender, and with the word whether they vouch for it."""
    return {
        "id": row.pk,
        "email": row.email,
        "role": row.role,
        "license_name": row.license_name,
        "allowance": row.allowance,
        "valid_until": row.valid_until,
        "invited_by": row.invited_by.display_name,
        "created_at": row.created_at,
        "sent_at": row.sent_at,
        "expires_at": row.expires_at,
        "is_open": row.is_vouched_for and not row.has_expired(timezone.now()),
    }
