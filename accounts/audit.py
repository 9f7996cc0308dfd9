"""The one place that writes audit events."""

from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AuditEvent, License, Organization, User


def record(
    action: str,
    *,
    actor: Actor,
    subject: User | None = None,
    organization: Organization | None = None,
    token: Any = None,
    **details: Any,
) -> AuditEvent:
    """Write one event, inside the transaction of the act it tells of.

    `token` is anything with `id`, `name` and `hint`. `details` are JSON values and never hold a secret.
    """
    return AuditEvent.objects.create(
        occurred_at=timezone.now(),
        action=action,
        actor=actor.user,
        subject=subject,
        organization=organization,
        token_id=token.pk if token else None,
        token_name=token.name if token else "",
        token_hint=token.hint if token else "",
        address=actor.address,
        user_agent=actor.user_agent,
        details=details,
    )


def record_on_license(action: str, license: License, *, actor: Actor, **details: Any) -> AuditEvent:
    return record(
        action,
        actor=actor,
        subject=license.user,
        organization=license.organization,
        license=str(license),
        **details,
    )
