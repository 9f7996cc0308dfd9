"""What needs attention: each rule one queryset, one sentence, and the one button that mends it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import Organization
from config.choice import BY_KEY, Choice, Range, along
from tokens import scopes
from tokens.models import Hold, RefusalDay, Token, TokenQuerySet, by_state

UNUSED_FOR = timedelta(days=30)
IDLE_FOR = timedelta(days=90)
READ_ONLY_FOR = timedelta(days=90)
STILL_USED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is its word in addresses; `sentence` follows the token's name; `deed` is a button that leads to `page`.

    `choice` is asked with the organization, where the tokens are all of one.
    """

    name: str
    label: str
    icon: str
    tone: str
    sentence: str
    deed: str
    page: str
    anchor: str
    choice: Callable[[datetime, Organization | None], Choice]

    def choose(self, tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
        return tokens.filter(self.choice(now, None).condition)


def on_hooks(now: datetime) -> Choice:
    return Choice(by_state.unexpired(now), Q(license__isnull=False))


def named(organization: Organization | None) -> Q:
    """As all those of an organization are."""
    return Q() if organization else Q(license__isnull=False)


def used(**moments: datetime | None) -> Range:
    """What was used before a moment was made before it, too: whoever reads the newest first learns where to begin."""
    return Range("token_organization_used", Q(**moments))


def expiring(now: datetime, organization: Organization | None) -> Choice:
    return Choice([by_state.expiring(now)], named(organization))


def replaced_in_use(now: datetime, organization: Organization | None) -> Choice:
    """Refused after its overlap, lately: some program still has the old text."""
    since = (now - STILL_USED_WITHIN).date()
    refused = along("refusalday_day", RefusalDay.objects.filter(code="token_revoked", day__gte=since))
    return Choice([Range(BY_KEY, Q(pk__in=refused.values("token")))], Q(stops_at__lte=now) | Q(hold=Hold.REPLACED))


def never_used(now: datetime, organization: Organization | None) -> Choice:
    return Choice([used(last_used_at=None, created_at__lte=now - UNUSED_FOR)]) & on_hooks(now)


def idle(now: datetime, organization: Organization | None) -> Choice:
    since = now - IDLE_FOR
    return Choice([used(last_used_at__lte=since, created_at__lte=since)]) & on_hooks(now)


def endless(now: datetime, organization: Organization | None) -> Choice:
    return Choice([by_state.untouched(expires_at=None)], named(organization))


def too_wide(now: datetime, organization: Organization | None) -> Choice:
    """Holds write, and in ninety days of use has only read."""
    since = now - READ_ONLY_FOR
    reads_only = Q(last_written_at=None) | Q(last_written_at__lte=since)
    return Choice([writing(organization)], reads_only & Q(created_at__lte=since, last_used_at__gt=since)) & on_hooks(
        now
    )


def writing(organization: Organization | None) -> Range:
    if organization is None:
        return Range("token_scope", Q(scope__contains=f":{scopes.WRITE}"))
    held = Token.objects.scopes_of(organization)
    return Range("token_scope", Q(scope__in=[each for each in held if f":{scopes.WRITE}" in each]))


def suspended(now: datetime, organization: Organization | None) -> Choice:
    return by_state.choice("suspended", now, organization=organization, are_named=True) & on_hooks(now)


def blocked(now: datetime, organization: Organization | None) -> Choice:
    return by_state.choice("blocked", now, organization=organization, are_named=True) & on_hooks(now)


def imported(now: datetime, organization: Organization | None) -> Choice:
    """Another system made their text, and may still know it."""
    return Choice(
        [Range("token_imported", Q(shape__isnull=False) & each.condition) for each in by_state.unexpired(now)],
        named(organization),
    )


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
