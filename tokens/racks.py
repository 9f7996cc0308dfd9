"""A license with what hangs on it, as pages show it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper, F, Q, Window
from django.db.models.functions import RowNumber

from accounts.models import License, User
from tokens.models import Policy, State, Token

ENDED_SHOWN = 20
NARROWEST = 10


@dataclass(frozen=True, slots=True)
class Hook:
    """One place of the allowance: free where `token` is None."""

    position: int
    token: Token | None
    state: State | None


@dataclass(slots=True)
class Rack:
    license: License
    now: datetime
    hanging: list[Token] = field(default_factory=list)
    leaving: list[Token] = field(default_factory=list)
    ended: list[Token] = field(default_factory=list)
    shown: set[int] | None = None

    @property
    def tokens(self) -> list[Token]:
        """Those on the hooks, those that were replaced and still work, and those that have ended."""
        tokens = self.hanging + self.leaving + self.ended
        return tokens if self.shown is None else [token for token in tokens if token.pk in self.shown]

    def only(self, chosen: set[int]) -> "Rack":
        """The same rack, with the lists cut to some tokens; the meter still shows them all."""
        self.shown = chosen
        return self

    @property
    def expiring(self) -> list[Token]:
        return [token for token in self.hanging if token.state(self.now) == State.EXPIRING]

    @property
    def imported(self) -> list[Token]:
        return [token for token in self.hanging if token.is_imported]

    @property
    def used(self) -> int:
        return len(self.hanging)

    @property
    def allowance(self) -> int:
        return self.license.allowance

    @property
    def is_in_force(self) -> bool:
        return self.license.user.is_active and self.license.is_in_force(self.now)

    @property
    def is_full(self) -> bool:
        return self.used >= self.allowance

    @property
    def is_usable(self) -> bool:
        return self.is_in_force and not self.is_full

    @property
    def policy(self) -> Policy | None:
        return Policy.of(self.license.organization)

    @property
    def next_position(self) -> int:
        return self.used + 1

    @property
    def width(self) -> int:
        """Of the drawing: 12 units a hook, and never so few that they grow into boards."""
        return 12 * max(self.allowance, self.used, NARROWEST)

    @property
    def hooks(self) -> list[Hook]:
        taken = [Hook(position, token, token.state(self.now)) for position, token in enumerate(self.hanging)]
        return taken + [Hook(position, None, None) for position in range(self.used, self.allowance)]

    @property
    def going(self) -> str:
        """What works and would stop, counted: also those that a successor has replaced and that still work."""
        count = len(self.hanging) + len(self.leaving)
        return "" if not count else "1 token" if count == 1 else f"{count} tokens"

    @property
    def deactivation(self) -> str:
        """What deactivating the license does, counted."""
        user, place = self.license.user, self.license.name
        if user.is_service_account:
            who = f"{user.display_name} is a service account of {self.license.organization}: nobody signs in with it"
            back = "Reactivating brings the service account back, not the tokens."
        else:
            who = f"{user.display_name} is signed out everywhere"
            back = "Reactivating brings the person back, not the tokens."
        if not self.going:
            can = "The service account" if user.is_service_account else "The person"
            return f"{who}. No token hangs on {place}. {can} can be reactivated."
        verb = "goes: it stops" if self.going == "1 token" else "go: they stop"
        return f"{who}, and {self.going} {verb} at once and the hooks of {place} are free again. {back}"

    @property
    def withdrawal(self) -> str:
        """What withdrawing the license does, counted."""
        user, organization = self.license.user, self.license.organization
        if user.is_service_account:
            return f"{self.stopping} {user.display_name} does not come back; a new service account can take its name."
        return (
            f"{user.display_name} is no member of {organization} any more. {self.stopping} "
            "Tokens of other licenses and the account go on. Only a new invitation brings the person back."
        )

    @property
    def departure(self) -> str:
        """What leaving does, counted, for whoever leaves."""
        return f"{self.stopping} Tokens of other licenses go on. Only a new invitation brings you back."

    @property
    def stopping(self) -> str:
        if not self.going:
            return f"No token hangs on {self.license.name}."
        return f"{self.going} on {self.license.name} {'stops' if self.going == '1 token' else 'stop'} at once."

    def position_of(self, token: Token) -> int | None:
        """From 1, or None for a token that hangs on no hook any more."""
        return next((number for number, hung in enumerate(self.hanging, start=1) if hung.pk == token.pk), None)


def racks_of(user: User, now: datetime) -> list[Rack]:
    """All licenses of a person, in two queries."""
    licenses = License.objects.kept().filter(user=user).select_related("organization__policy", "user").in_order()
    return fill(licenses, now, ended_shown=ENDED_SHOWN)


def rack_of(token: Token, now: datetime) -> Rack:
    """The rack that a named token hangs on, or hung on."""
    assert token.license is not None, "The account token hangs on no rack."  # noqa: S101
    return fill([token.license], now, ended_shown=0)[0]


def fill(licenses: Iterable[License], now: datetime, *, ended_shown: int) -> list[Rack]:
    """Racks with every hanging token, and of each the latest that have ended. One query besides the licenses'."""
    racks = {license.pk: Rack(license, now) for license in licenses}
    hanging: defaultdict[int | None, list[Token]] = defaultdict(list)
    leaving: defaultdict[int | None, list[Token]] = defaultdict(list)
    ended: defaultdict[int | None, list[Token]] = defaultdict(list)
    for token in tokens_to_show(list(racks), now, ended_shown):
        token.license = license = racks[token.license_id or 0].license
        token.owner = license.user
        place = ended if token.has_ended(now) else leaving if token.is_replaced else hanging
        place[token.license_id].append(token)
    for key, rack in racks.items():
        rack.hanging = sorted(hanging[key], key=lambda token: token.pk)
        rack.leaving = leaving[key]
        rack.ended = ended[key]
    return list(racks.values())


def tokens_to_show(licenses: list[int], now: datetime, ended_shown: int) -> Iterable[Token]:
    has_ended = Q(revoked_at__isnull=False) | Q(expires_at__lte=now) | Q(stops_at__lte=now)
    tokens = Token.objects.filter(license__in=licenses)
    if not ended_shown:
        return tokens.exclude(has_ended)
    rank = Window(
        RowNumber(), partition_by=[F("license"), ExpressionWrapper(has_ended, BooleanField())], order_by=F("pk").desc()
    )
    return tokens.annotate(rank=rank).filter(Q(rank__lte=ended_shown) | ~has_ended).order_by("-pk")
