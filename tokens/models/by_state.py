"""In which state tokens are, as choices of them: the exact counterpart of Token.state.

The ranges of a state read its own index, so that few tokens in it are found without a look at the many others. What
only the license, the owner or the policy decides is asked of each of them.
"""

import functools
import operator
from datetime import datetime

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import License, Organization, User
from config import keyset
from config.choice import BY_KEY, NOTHING, Choice, Range, along
from tokens.models.policy import Policy, breaches
from tokens.models.states import EXPIRING_WITHIN, State

NONE = Range(BY_KEY, NOTHING)
STOPPED = Q(revoked_at__isnull=False) | Q(stops_at__isnull=False)  # or will be, when an overlap is over


def choice(state: str, now: datetime, *, organization: Organization | None = None, are_named: bool = False) -> Choice:
    """Of all tokens; or, and that is cheaper, of those of one organization, which are named, and whose policy is known.

    Where there may be account tokens, `owner_seat_ends_at` has to be annotated.
    """
    suspended = stopped_from_outside(now, are_named=are_named or organization is not None)
    blocked, pending = held_by_policy(now, organization)
    ending = Range("token_replaced", Q(revoked_at=None, stops_at__gt=now))
    waiting = Range("token_pending", Q(awaits_approval=True))
    lasting = unexpired(now + EXPIRING_WITHIN)
    living = Choice([ending, *unexpired(now)]).condition
    works = ~suspended & ~blocked & ~pending
    choices: dict[str, Choice] = {
        State.REVOKED: Choice(revoked(now)),
        State.EXPIRED: Choice([untouched(expires_at__lte=now)]),
        State.SUSPENDED: Choice([], living & suspended),
        State.BLOCKED: Choice([NONE] if blocked is NOTHING else [ending, *unexpired(now)], ~suspended & blocked),
        State.PENDING: Choice([NONE] if pending is NOTHING else [waiting], pending & living & ~suspended & ~blocked),
        State.ENDING: Choice([ending], works),
        State.EXPIRING: Choice([expiring(now)], works),
        State.ACTIVE: Choice(lasting, works),
    }
    if state == State.SUSPENDED and organization:
        return Choice(on_stopped_licenses(now, organization) or [ending, *unexpired(now)], living & suspended)
    return choices.get(state, Choice([NONE]))


def revoked(now: datetime) -> list[Range]:
    return [
        Range("token_stopped", Q(revoked_at__isnull=False)),
        Range("token_replaced", Q(revoked_at=None, stops_at__lte=now)),
    ]


def expiring(now: datetime) -> Range:
    return untouched(expires_at__gt=now, expires_at__lte=now + EXPIRING_WITHIN)


def unexpired(at: datetime) -> list[Range]:
    """What is untouched and expires after a moment, or never."""
    return [untouched(expires_at__gt=at), untouched(expires_at=None)]


def untouched(**expires: datetime | None) -> Range:
    """Neither revoked nor replaced. What was replaced stops before it expires, so it is never expired."""
    return Range("token_untouched", Q(revoked_at=None, stops_at=None, **expires))


def stopped_from_outside(now: datetime, *, are_named: bool) -> Q:
    """A license is looked up a token, not all of them gathered first, as PostgreSQL would where it may ask whether."""
    is_out = Q(deactivated_at__isnull=False) | Q(valid_until__lte=now) | Q(user__is_active=False)
    own = License.objects.filter(pk=OuterRef("license")).values(is_out=ExpressionWrapper(is_out, BooleanField()))
    named = Q(Coalesce(Subquery(own), False))
    if are_named:
        return named
    switched_off = User.objects.filter(pk=OuterRef("owner"), is_active=False)
    return named | Q(license=None) & (Q(Exists(switched_off)) | Q(owner_seat_ends_at__lte=now))


def on_stopped_licenses(now: datetime, organization: Organization) -> list[Range]:
    """From the side of the organization's licenses, as long as those that are stopped can be named."""
    licenses = License.objects.of_organization(organization)
    switched_off = along("user_switched_off", User.objects.filter(is_active=False))
    keys: set[int] = set()
    for some in (
        along("license_deactivated", licenses.filter(deactivated_at__isnull=False, withdrawn_at=None)),
        along("license_withdrawn", licenses.filter(withdrawn_at__isnull=False)),
        along("license_ending", licenses.filter(valid_until__lte=now)),
        licenses.filter(user__in=switched_off.values("pk")),
    ):
        keys.update(some.values_list("pk", flat=True)[: keyset.COUNTED_AT_MOST + 1])
        if len(keys) > keyset.COUNTED_AT_MOST:
            return []
    return [Range("token_license", Q(license__in=keys), is_implied=True)]


def held_by_policy(now: datetime, organization: Organization | None) -> tuple[Q, Q]:
    """What the policy blocks, and what it lets wait for an approval."""
    if organization is None:
        pending = Q(awaits_approval=True, organization__policy__requires_approval=True)
        return functools.reduce(operator.or_, breaches(now).values()), pending
    policy = Policy.of(organization) or Policy(organization=organization)
    blocked = functools.reduce(operator.or_, breaches(now, policy).values(), NOTHING)
    return blocked, Q(awaits_approval=True) if policy.requires_approval else NOTHING
