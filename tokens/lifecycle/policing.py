"""What an organization's policy asks of a new or changed token, asked under the license's lock."""

from collections.abc import Iterable
from datetime import datetime

from accounts.actor import Actor
from accounts.models import License
from tokens import scopes
from tokens.lifecycle.outcome import ActRefused
from tokens.models import Policy


def policy_of(license: License) -> Policy | None:
    """As it was loaded with the license, when that was locked."""
    return getattr(license.organization, "policy", None)


def check_second_factor(license: License) -> None:
    policy, person = policy_of(license), license.user
    if policy and policy.requires_second_factor and not person.second_factor_at and not person.is_service_account:
        raise ActRefused(f"{license.organization} asks for two-factor. Set it up first, on Security Settings.")


def check_end(license: License, created_at: datetime, expires_at: datetime | None) -> None:
    """Whether a token of that age may end then, or never."""
    policy = policy_of(license)
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
    """Whether the policy lets this member grant each permission. Administrators and service accounts are free."""
    policy = policy_of(license)
    if policy is None or license.is_administrator or license.user.is_service_account:
        return
    refused = sorted(word for word in scope if scopes.is_withheld(word, policy.withheld))
    if refused:
        raise ActRefused(f"{license.organization} lets no member grant {refused[0]}.", field="permissions")


def awaits_approval(license: License, actor: Actor) -> bool:
    """What an administrator does needs no approval of another one."""
    policy = policy_of(license)
    return policy is not None and policy.requires_approval and not is_administrator(license, actor)


def is_administrator(license: License, actor: Actor) -> bool:
    if actor.user is None or license.organization is None:
        return False
    seats = license.organization.licenses.in_force().administrators()
    return seats.filter(user=actor.user).exists()
