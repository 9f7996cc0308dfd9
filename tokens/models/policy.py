"""An organization's policy: what every token on its licenses has to keep to. Asked on every call, stored in no token.

So tightening blocks and destroys nothing, and loosening brings back. Each rule stands here twice: as a claim about one
row, and as the condition of a query.
"""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce, Greatest
from django.db.models.lookups import GreaterThan, LessThanOrEqual

from accounts.models import License, Organization
from accounts.models.versions import version_of
from tokens import scopes

if TYPE_CHECKING:
    from accounts.models import User
    from tokens.models.token import Token

# An expiry is the last second of a day: a token may outlive its days by the rest of the last one, 25 hours long when
# clocks change.
REST_OF_THE_LAST_DAY = timedelta(hours=26)


class Block(models.TextChoices):
    """Which rule a token does not keep."""

    LIFETIME = "lifetime", "it lives longer than the policy allows"
    EXPIRY = "expiry", "it has no expiry date"
    SECOND_FACTOR = "second-factor", "its owner has not set up two-factor"
    IDLE = "idle", "it was not used for too long"


class Policy(models.Model):
    """Nothing set: nothing asked. Without a row, likewise."""

    organization = models.OneToOneField(
        Organization, on_delete=models.PROTECT, primary_key=True, related_name="policy", db_index=False
    )
    lifetime = models.DurationField(null=True)
    requires_expiry = models.BooleanField(default=False)
    allowed_networks = models.JSONField(default=list)
    revokes_on_sign_out = models.BooleanField(default=False)
    requires_second_factor = models.BooleanField(default=False)
    idle_after = models.DurationField(null=True)
    withheld_scope = models.CharField(max_length=1000, blank=True)
    requires_approval = models.BooleanField(default=False)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lifetime=None) | Q(lifetime__gte=timedelta(days=1)), name="policy_lifetime_of_a_day"
            ),
            models.CheckConstraint(
                condition=Q(idle_after=None) | Q(idle_after__gte=timedelta(days=1)), name="policy_idle_after_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"Policy of {self.organization}"

    @classmethod
    def of(cls, organization: Organization | None) -> "Policy | None":
        """As it was loaded with the organization, or is loaded now; None where none was saved."""
        known = organization._state.fields_cache if organization else {"policy": None}
        return known["policy"] if "policy" in known else getattr(organization, "policy", None)

    @property
    def version(self) -> str:
        """One that was never saved, and one that asks nothing, are the same."""
        numbers = (self.lifetime, self.idle_after, self.withheld_scope, self.allowed_networks)
        switches = (self.requires_expiry, self.requires_second_factor, self.requires_approval, self.revokes_on_sign_out)
        return version_of(*numbers, *switches)

    @property
    def lifetime_days(self) -> int | None:
        return self.lifetime.days if self.lifetime else None

    @property
    def idle_days(self) -> int | None:
        return self.idle_after.days if self.idle_after else None

    @property
    def withheld(self) -> frozenset[str]:
        """Scopes that members may not grant to their tokens."""
        return scopes.parse(self.withheld_scope)

    def withheld_from(self, holder: "User", license: License) -> frozenset[str]:
        """Administrators and service accounts are free."""
        is_free = license.is_administrator or holder.is_service_account
        return frozenset() if is_free else self.withheld

    def misses_second_factor(self, person: "User") -> bool:
        return self.requires_second_factor and not person.second_factor_at and not person.is_service_account

    def block_of(self, token: "Token", now: datetime) -> Block | None:
        """The first rule that the token does not keep, in the order of Block."""
        if self.lifetime and self.is_too_long(token.created_at, token.expires_at):
            return Block.LIFETIME
        if self.requires_expiry and token.expires_at is None:
            return Block.EXPIRY
        if self.misses_second_factor(token.owner):
            return Block.SECOND_FACTOR
        idle_from = self.idle_from(token)
        if idle_from and idle_from <= now:
            return Block.IDLE
        return None

    def idle_from(self, token: "Token") -> datetime | None:
        """When it was not used for too long, should nobody use it."""
        return token.last_seen_at + self.idle_after if self.idle_after else None

    def is_too_long(self, created_at: datetime, expires_at: datetime | None) -> bool:
        if self.lifetime is None:
            return False
        return expires_at is None or expires_at > created_at + self.lifetime + REST_OF_THE_LAST_DAY


ON_TOKENS = "organization__policy__"
MOMENT: "models.DateTimeField[datetime, datetime]" = models.DateTimeField()


def breaches(now: datetime, policy: Policy | None = None) -> dict[Block, Q]:
    """The counterpart of `Policy.block_of`: for each rule, the tokens that do not keep it.

    Of one policy, with the rules that it sets; or of the policies of all organizations, joined to their tokens.
    """
    rules: dict[Block, tuple[str, Callable[[Any], Q]]] = {
        Block.LIFETIME: ("lifetime", too_long),
        Block.EXPIRY: ("requires_expiry", lambda _: Q(expires_at=None)),
        Block.SECOND_FACTOR: ("requires_second_factor", lambda _: MISSES_SECOND_FACTOR),
        Block.IDLE: ("idle_after", functools.partial(idle, now)),
    }
    if policy:
        values = {block: (getattr(policy, name), broken) for block, (name, broken) in rules.items()}
        return {block: broken(value) for block, (value, broken) in values.items() if value}
    return {block: is_set(name) & broken(F(ON_TOKENS + name)) for block, (name, broken) in rules.items()}


def is_set(name: str) -> Q:
    """Where a policy says nothing, the condition behind this one is null; this one, false, decides then."""
    is_switch = isinstance(Policy._meta.get_field(name), models.BooleanField)
    return Q(**{ON_TOKENS + name: True} if is_switch else {f"{ON_TOKENS}{name}__isnull": False})


def too_long(lifetime: Any) -> Q:
    latest_end = ExpressionWrapper(F("created_at") + lifetime + REST_OF_THE_LAST_DAY, MOMENT)
    return Q(expires_at=None) | Q(GreaterThan(F("expires_at"), latest_end))


def idle(now: datetime, idle_after: Any) -> Q:
    last_seen_at = Greatest("created_at", Coalesce("last_used_at", "created_at"), Coalesce("resumed_at", "created_at"))
    return Q(LessThanOrEqual(ExpressionWrapper(last_seen_at + idle_after, MOMENT), Value(now, MOMENT)))


MISSES_SECOND_FACTOR = Q(owner__second_factor_at=None, owner__is_service_account=False)
