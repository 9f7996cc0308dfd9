"""What ought to become of tokens, said once more without a database: the life of tokens as its state machine has it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tokens.models import State

DAY = timedelta(days=1)
REST_OF_THE_LAST_DAY = timedelta(hours=26)
BY_OWNER, FOR_GOOD = {"owner", "sign-out"}, {"regenerated", "replaced", "leak"}

Event = tuple[str, int | None]


class Forbidden(Exception):
    """The act is not to happen, and leaves nothing behind."""


@dataclass
class Rules:
    lifetime: timedelta | None = None
    requires_expiry: bool = False
    idle_after: timedelta | None = None
    requires_approval: bool = False

    def check_end(self, begin: datetime, end: datetime | None) -> None:
        if self.is_broken_by_end(begin, end):
            raise Forbidden("end")

    def is_broken_by_end(self, begin: datetime, end: datetime | None) -> bool:
        if end is None:
            return self.requires_expiry or self.lifetime is not None
        return self.lifetime is not None and end > begin + self.lifetime + REST_OF_THE_LAST_DAY


@dataclass
class Seat:
    """A person with a license of the organization; who governs is never switched off here."""

    allowance: int
    governs: bool = False
    is_on: bool = True
    has_license: bool = True

    @property
    def works(self) -> bool:
        return self.is_on and self.has_license


@dataclass(eq=False)
class Life:
    """One token."""

    pk: int
    owner: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    awaits_approval: bool = False
    hold: str = ""
    replaced_at: datetime | None = None
    stops_at: datetime | None = None
    stops_on_use: bool = False
    used_at: datetime | None = None
    predecessor: "Life | None" = None

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def has_ended(self, now: datetime) -> bool:
        return bool(self.hold) or self.is_expired(now) or (self.stops_at is not None and self.stops_at <= now)

    def is_on_hook(self, now: datetime) -> bool:
        return not (self.hold or self.replaced_at or self.is_expired(now))


@dataclass
class World:
    seats: dict[str, Seat]
    rules: Rules = field(default_factory=Rules)
    lives: list[Life] = field(default_factory=list)

    def state(self, life: Life, now: datetime) -> State:
        if life.hold or (life.stops_at and life.stops_at <= now):
            return State.REVOKED
        if life.is_expired(now):
            return State.EXPIRED
        if not self.seats[life.owner].works:
            return State.SUSPENDED
        if self.is_blocked(life, now):
            return State.BLOCKED
        if life.awaits_approval and self.rules.requires_approval:
            return State.PENDING
        if life.replaced_at:
            return State.ENDING
        return State.EXPIRING if life.is_expired(now + 7 * DAY) else State.ACTIVE

    def is_blocked(self, life: Life, now: datetime) -> bool:
        seen = max(life.created_at, life.used_at or life.created_at)
        is_idle = self.rules.idle_after is not None and seen + self.rules.idle_after <= now
        return is_idle or self.rules.is_broken_by_end(life.created_at, life.expires_at)

    def taken(self, owner: str, now: datetime) -> int:
        return sum(life.owner == owner and life.is_on_hook(now) for life in self.lives)

    def check_place(self, owner: str, name: str, now: datetime, gone: Iterable[Life] = ()) -> None:
        """A hook and the name are free; `gone` are given up in the same act."""
        if not self.seats[owner].works:
            raise Forbidden("seat")
        hanging = [life for life in self.lives if life.owner == owner and life.is_on_hook(now) and life not in gone]
        if len(hanging) >= self.seats[owner].allowance or name in {life.name for life in hanging}:
            raise Forbidden("hook or name")

    def issue(self, owner: str, name: str, now: datetime, end: datetime | None) -> Life:
        self.check_place(owner, name, now)
        self.rules.check_end(now, end)
        awaits = self.rules.requires_approval and not self.seats[owner].governs
        return Life(0, owner, name, now, end, awaits)

    def rotate(self, life: Life, now: datetime, overlap: timedelta, stops_on_use: bool) -> tuple[Life, list[Life]]:
        """The successor, and those that it takes the place of."""
        followers = [each for each in self.lives if each.predecessor is life]
        unstopped = [each for each in followers if not each.hold]
        if life.has_ended(now) or not self.seats[life.owner].works:
            raise Forbidden("ended")
        if any(each.hold == "administrator" for each in followers) or any(each.used_at for each in unstopped):
            raise Forbidden("successor")
        if life.replaced_at:
            self.check_place(life.owner, life.name, now, gone=unstopped)
        end = life.expires_at + timedelta(days=(now - life.created_at).days) if life.expires_at else None
        self.rules.check_end(now, end)
        for each in unstopped:
            each.hold = "replaced"
        life.replaced_at, life.stops_on_use = life.replaced_at or now, stops_on_use
        life.stops_at = min(at for at in (now + overlap, life.stops_at, life.expires_at) if at)
        if life.stops_at <= now:
            life.hold = "replaced"
        return Life(0, life.owner, life.name, now, end, life.awaits_approval, predecessor=life), unstopped

    def revoke(self, life: Life, actor: str) -> list[Event]:
        hold = "owner" if actor == life.owner else "administrator"
        if life.hold and not (hold == "administrator" and life.hold in BY_OWNER):
            return []
        life.hold = hold
        return [("token.revoked", life.pk)]

    def reapprove(self, life: Life, actor: str, now: datetime) -> list[Event]:
        if not life.hold:
            return []
        is_own = actor == life.owner
        may_lift = life.hold in BY_OWNER if is_own else False
        may_govern = self.seats[actor].governs and not (is_own and life.hold == "administrator")
        if life.is_expired(now) or life.replaced_at or life.hold in FOR_GOOD or not (may_lift or may_govern):
            raise Forbidden("not reapprovable")
        self.check_place(life.owner, life.name, now)
        life.hold = ""
        return [("token.reapproved", life.pk)]

    def approve(self, life: Life, actor: str, now: datetime) -> list[Event]:
        if not self.seats[actor].governs or life.has_ended(now):
            raise Forbidden("not approvable")
        was_awaiting, life.awaits_approval = life.awaits_approval, False
        return [("token.approved", life.pk)] if was_awaiting else []

    def stop_all(self, owner: str, now: datetime) -> list[Event]:
        """A deactivation takes over what the owner could let in again."""
        found = [life for life in self.lives if life.owner == owner and not life.is_expired(now)]
        stopped = [life for life in found if not life.hold or life.hold in BY_OWNER]
        for life in stopped:
            life.hold = "deactivation"
        return [("token.revoked", life.pk) for life in stopped]

    def use(self, life: Life, now: datetime) -> list[Event]:
        former, is_first = life.predecessor, life.used_at is None
        life.used_at = now
        if is_first and former and former.stops_on_use and not former.hold:
            former.hold = "replaced"
            return [("token.revoked", former.pk)]
        return []
