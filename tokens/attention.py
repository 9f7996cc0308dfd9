"""What needs attention: each rule one queryset, one sentence, and the one button that mends it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from tokens.models import EXPIRING_WITHIN, Hold, RefusalDay, Token, TokenQuerySet

UNUSED_FOR = timedelta(days=30)
IDLE_FOR = timedelta(days=90)
READ_ONLY_FOR = timedelta(days=90)
STILL_USED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is its word in addresses; `sentence` follows the token's name; `deed` is a button that leads to `page`."""

    name: str
    label: str
    icon: str
    tone: str
    sentence: str
    deed: str
    page: str
    anchor: str
    choose: Callable[[TokenQuerySet, datetime], TokenQuerySet]


def expiring(tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
    return tokens.on_hooks(now).filter(expires_at__lte=now + EXPIRING_WITHIN)


def replaced_in_use(tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
    """Refused after its overlap, lately: some program still has the old text."""
    since = (now - STILL_USED_WITHIN).date()
    stopped = tokens.filter(Q(stops_at__lte=now) | Q(hold=Hold.REPLACED))
    refusals = RefusalDay.objects.filter(token=OuterRef("pk"), code="token_revoked", day__gte=since)
    return stopped.filter(Exists(refusals))


def never_used(tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
    return tokens.on_hooks(now).filter(first_used_at=None, created_at__lte=now - UNUSED_FOR)


def idle(tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
    return tokens.on_hooks(now).filter(last_used_at__lte=now - IDLE_FOR)


def endless(tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
    return tokens.on_hooks(now).filter(expires_at=None)


def too_wide(tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
    """Holds write, and in ninety days of use has only read."""
    since = now - READ_ONLY_FOR
    used = tokens.on_hooks(now).filter(created_at__lte=since, last_used_at__gt=since, scope__contains=":write")
    return used.filter(Q(last_written_at=None) | Q(last_written_at__lte=since))


def suspended(tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
    return tokens.on_hooks(now).in_state("suspended", now, are_named=True)


def blocked(tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
    return tokens.on_hooks(now).in_state("blocked", now, are_named=True)


def imported(tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
    """Another system made their text, and may still know it."""
    return tokens.on_hooks(now).imported()


RULES = [
    Rule("expiring", "Expiring", "clock", "warn", "expires", "Rotate", "token-detail", "#rotate", expiring),
    Rule(
        "replaced",
        "Replaced, still in use",
        "warning",
        "bad",
        "was replaced and is still in use",
        "See from where",
        "token-detail",
        "#refused",
        replaced_in_use,
    ),
    Rule("suspended", "Suspended", "pause", "info", "is suspended", "Review", "token-detail", "", suspended),
    Rule("blocked", "Blocked by policy", "lock", "bad", "is blocked by policy", "Review", "token-detail", "", blocked),
    Rule(
        "imported",
        "Imported, not yet rotated",
        "download",
        "warn",
        "was imported and is not yet rotated",
        "Rotate",
        "token-detail",
        "#rotate",
        imported,
    ),
    Rule("unused", "Never used", "tag", "idle", "was never used", "Revoke", "token-revoke", "", never_used),
    Rule("idle", "Idle", "tag", "idle", "was not used in 90 days", "Revoke", "token-revoke", "", idle),
    Rule(
        "endless",
        "Without expiry",
        "ring",
        "idle",
        "never expires",
        "Set a date",
        "token-edit",
        "#id_expires_on",
        endless,
    ),
    Rule(
        "wide",
        "Wider than used",
        "sliders",
        "idle",
        "may write and only read in 90 days",
        "Narrow",
        "token-edit",
        "",
        too_wide,
    ),
]
RULES_BY_NAME = {rule.name: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Finding:
    rule: Rule
    token: Token


def findings(tokens: TokenQuerySet, now: datetime, *, most: int) -> list[Finding]:
    """In the order of the rules, a token once, under the first that it meets. One query a rule."""
    found: dict[int, Finding] = {}
    for rule in RULES:
        for token in rule.choose(tokens, now).select_related("license")[:most]:
            found.setdefault(token.pk, Finding(rule, token))
    return list(found.values())[:most]
