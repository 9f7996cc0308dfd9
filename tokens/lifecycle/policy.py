"""The one writer of policies, and the look ahead at what a change would do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.models import Organization, Role
from tokens import networks, scopes
from tokens.lifecycle.outcome import ActRefused
from tokens.models import Policy, State, Token, TokenQuerySet

NAMES_TOLD = 5


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to living tokens: how many stop working, the first of their names, and how many work again.

    `elsewhere` were last used from an address that would be refused, `narrowed` hold a permission that is withheld.
    """

    blocked: int
    names: list[str]
    freed: int
    elsewhere: int
    narrowed: int

    @property
    def is_felt(self) -> bool:
        return bool(self.blocked or self.freed or self.elsewhere or self.narrowed)


def policy_of(organization: Organization) -> Policy:
    """One that asks nothing where none was saved."""
    return Policy.objects.filter(organization=organization).first() or Policy(organization=organization)


@transaction.atomic
def change_policy(*, actor: Actor, organization: Organization, seen: str = "", **rules: Any) -> Policy:
    """Set the rules that differ, and keep in the audit log what they were. In force with the commit, on every call.

    `seen` is the version that the caller looked at, if they say so. Raises ActRefused.
    """
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    policy = policy_of(organization)
    if seen and seen != policy.version:
        raise ActRefused("The policy was changed since you looked at it.", code="precondition_failed")
    if rules.get("requires_second_factor"):
        check_own_second_factor(actor, policy)
    changes = {name: [getattr(policy, name), value] for name, value in rules.items() if getattr(policy, name) != value}
    if changes:
        write(policy, rules)
        policy.changed_at, policy.changed_by = timezone.now(), actor.user
        policy.save(update_fields=["changed_at", "changed_by"])
        told = {name: [readable(before), readable(after)] for name, (before, after) in changes.items()}
        audit.record("policy.changed", actor=actor, organization=organization, changes=told)
    return policy


def check_own_second_factor(actor: Actor, policy: Policy) -> None:
    """Who asks it of others has one; or the first to be blocked would be the one who could undo it."""
    if actor.user and not policy.requires_second_factor and not actor.user.second_factor_at:
        raise ActRefused("Set up two-factor for yourself first, on Security Settings.", field="requires_second_factor")


def write(policy: Policy, rules: dict[str, Any]) -> None:
    for name, value in rules.items():
        setattr(policy, name, value)
    policy.save()


def readable(value: Any) -> Any:
    """A JSON value: lifetimes in days."""
    return value.days if isinstance(value, timedelta) else value


def effect_of(*, organization: Organization, **rules: Any) -> Effect:
    """Measured, not guessed: the rules are written, the tokens asked as a call would, and the write taken back."""
    now = timezone.now()
    tokens = Token.objects.of_organization(organization).living(now)
    with transaction.atomic():
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        before = kept_back(tokens, now)
        policy = policy_of(organization)
        write(policy, rules)
        after = kept_back(tokens, now)
        blocked = after - before
        first = sorted(blocked)[:NAMES_TOLD]
        effect = Effect(
            blocked=len(blocked),
            names=list(Token.objects.filter(pk__in=first).order_by("pk").values_list("name", flat=True)),
            freed=len(before - after),
            elsewhere=used_elsewhere(tokens, policy),
            narrowed=narrowed(tokens, policy),
        )
        transaction.set_rollback(True)
    return effect


def kept_back(tokens: TokenQuerySet, now: datetime) -> set[int]:
    states = (State.BLOCKED, State.PENDING)
    return {pk for state in states for pk in tokens.in_state(state, now, are_named=True).values_list("pk", flat=True)}


def used_elsewhere(tokens: TokenQuerySet, policy: Policy) -> int:
    addresses = tokens.exclude(last_used_address=None).order_by().values_list("last_used_address").annotate(Count("pk"))
    return sum(count for address, count in addresses if not networks.contain(policy.allowed_networks, address))


def narrowed(tokens: TokenQuerySet, policy: Policy) -> int:
    of_members = tokens.filter(license__role=Role.MEMBER, owner__is_service_account=False)
    held = of_members.order_by().values_list("scope").annotate(Count("pk"))
    return sum(count for scope, count in held if touches(scope, policy.withheld))


def touches(scope: str, withheld: frozenset[str]) -> bool:
    return any(scopes.is_withheld(word, withheld) for word in scopes.parse(scope))
