"""What an organization's policy asks of a new or changed token, asked under the license's lock."""

from collections.abc import Iterable
from datetime import datetime

from accounts.actor import Actor
from accounts.models import License
from tokens import scopes
from tokens.lifecycle.outcome import ActRefused
from tokens.models import Policy


def check_second_factor(license: License) -> None:
    policy = Policy.of(license.organization)
    if policy and policy.misses_second_factor(license.user):
        raise ActRefused(f"{license.organization} asks for two-factor. Set it up first, on Security Settings.")


def check_end(license: License, created_at: datetime, expires_at: datetime | None) -> None:
    """Whether a token of that age may end then, or never."""
    policy = Policy.of(license.organization)
    if policy is None:
        return
    if expires_at is None and (policy.requires_expiry or policy.lifetime):
        raise ActRefused(f"{license.organization} asks for an expiry date.", field="expires_on")
    if policy.is_too_long(created_at, expires_at):
        days = policy.lifetime_days
        raise ActRefused(
            f"{license.organization} allows at most {days} day{'' if days == 1 else 's'}.", field="expires_on"
        )


def check_grant(license: License, scope: Iterable[str]) -> None:
    """Whether the policy lets the holder grant each permission."""
    policy = Policy.of(license.organization)
    withheld = policy.withheld_from(license.user, license) if policy else frozenset()
    refused = sorted(word for word in scope if scopes.is_withheld(word, withheld))
    if refused:
        raise ActRefused(f"{license.organization} lets no member grant {refused[0]}.", field="permissions")


def awaits_approval(license: License, actor: Actor) -> bool:
    """What an administrator does needs no approval of another one."""
    policy = Policy.of(license.organization)
    is_asked = policy is not None and policy.requires_approval
    return is_asked and not License.objects.governs(actor.user, license.organization_id)
