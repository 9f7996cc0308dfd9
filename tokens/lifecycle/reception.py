"""Who gets which token when tokens of another system are taken over, and what is wrong with the others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, islice
from typing import TypeVar

from accounts import newcomers, seats
from accounts.actor import Actor
from accounts.models import License, Organization, User
from accounts.seats import SeatRefused
from tokens import hashing, scopes
from tokens.lifecycle import policing
from tokens.lifecycle.outcome import ActRefused
from tokens.lifecycle.rows import record
from tokens.lifecycle.rules import check_hook, check_name, check_scope
from tokens.models import TextShape, Token
from tokens.takeover.arrivals import Arrival, Fate, Fault, Outcome

AT_ONCE = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Terms:
    """How tokens are taken over: `source` is the other system's name; `license` takes what names none of its own.

    `scope` and `expires_at` are for tokens that bring none.
    """

    source: str
    organization: Organization | None
    license: License | None = None
    scope: tuple[str, ...] = ()
    expires_at: datetime | None = None
    brings_in_people: bool = False
    leaves_out_wrong: bool = False
    is_rehearsal: bool = False


@dataclass(slots=True)
class Reception:
    """What is known while tokens come in: who has which license, and which texts are here already."""

    actor: Actor
    terms: Terms
    now: datetime
    by_email: dict[str, License] = field(default_factory=dict)
    by_number: dict[str, License] = field(default_factory=dict)
    known: dict[bytes, tuple[int, int | None]] = field(default_factory=dict)
    seen: dict[bytes, str] = field(default_factory=dict)
    newcomers: dict[str, License | SeatRefused] = field(default_factory=dict)
    shapes: set[str] = field(default_factory=set)

    def prepare(self, arrivals: list[Arrival]) -> None:
        """Locks are taken as everywhere: licenses, the organization, people, and last the chain of the log."""
        pks = sorted(self.licenses_meant(arrivals))
        for some in chunks(pks):
            list(License.objects.filter(pk__in=some).order_by("pk").select_for_update(no_key=True).values_list("pk"))
        if self.terms.organization and self.terms.brings_in_people:
            seats.lock(self.terms.organization)
        for some in chunks(pks):
            people = User.objects.filter(licenses__in=some).order_by("pk")
            list(people.select_for_update(of=("self",), no_key=True).values_list("pk"))
        for some in chunks(pks):
            for license in License.objects.filter(pk__in=some).select_related("user", "organization__policy"):
                self.by_number[license.number] = license
                self.by_email[license.user.email] = license
        self.look_up(arrivals)
        if self.terms.organization and self.terms.brings_in_people and not self.terms.license:
            self.bring_in(arrivals, self.terms.organization)

    def licenses_meant(self, arrivals: list[Arrival]) -> set[int]:
        pks = {self.terms.license.pk} if self.terms.license else set()
        kept = License.objects.kept().filter(organization=self.terms.organization)
        if self.terms.organization:
            for numbers in chunks({each.license_number for each in arrivals if each.license_number}):
                pks |= set(kept.filter(number__in=numbers).values_list("pk", flat=True))
            for emails in chunks({each.email.lower() for each in arrivals if not self.terms.license}):
                pks |= set(kept.filter(user__email__in=emails).values_list("pk", flat=True))
        return pks

    def look_up(self, arrivals: list[Arrival]) -> None:
        for some in chunks(arrivals):
            digests = [digest for each in some for digest in each.secret.digests()]
            rows = Token.objects.filter(digest__in=digests).values_list("digest", "owner_id", "license_id")
            self.known |= {bytes(digest): (owner, license) for digest, owner, license in rows}

    def bring_in(self, arrivals: list[Arrival], organization: Organization) -> None:
        """Everybody who is new here and whose token would be imported."""
        owners: dict[bytes, str] = {}
        for each in arrivals:
            if not (each.license_number or self.has_ended(each) or self.holder_of(each)):
                owners.setdefault(each.secret.digest(hashing.newest_pepper()), each.email.lower())
        known: set[str] = set()
        for some in chunks(set(owners.values())):
            known |= set(User.objects.filter(email__in=some).values_list("email", flat=True))
        for email in dict.fromkeys(owners.values()):
            if email and email not in known:
                self.newcomers[email] = self.newcomer(email, organization)

    def newcomer(self, email: str, organization: Organization) -> License | SeatRefused:
        try:
            return newcomers.bring_in(email=email, organization=organization, actor=self.actor)
        except SeatRefused as refused:
            return refused

    def has_ended(self, arrival: Arrival) -> bool:
        return arrival.is_stopped or (arrival.expires_at is not None and arrival.expires_at <= self.now)

    def holder_of(self, arrival: Arrival) -> tuple[int, int | None] | None:
        return next((self.known[digest] for digest in arrival.secret.digests() if digest in self.known), None)

    def receive(self, each: Arrival | Fault) -> Outcome:
        if isinstance(each, Fault):
            return Outcome(Fate.WRONG, each.place, each.email, "", each.reason)
        try:
            fate, words = self.settle(each)
        except (ActRefused, SeatRefused) as refused:
            fate, words = Fate.WRONG, str(refused)
        return Outcome(fate, each.place, each.email, each.secret.hint, words)

    def settle(self, arrival: Arrival) -> tuple[Fate, str]:
        """Raises ActRefused or SeatRefused where it is wrong."""
        digest = arrival.secret.digest(hashing.newest_pepper())
        if digest in self.seen:
            raise ActRefused(f"the same text as {self.seen[digest]}")
        self.seen[digest] = arrival.place
        if arrival.is_stopped:
            return Fate.LEFT_OUT, "its owner is switched off there"
        if holder := self.holder_of(arrival):
            self.check_holder(arrival, holder)
            return Fate.THERE, ""
        if self.has_ended(arrival):
            return Fate.LEFT_OUT, "it has expired"
        license = self.license_of(arrival)
        token = self.write(arrival, license)
        token.owner, token.license = license.user, license
        block = token.block(self.now)
        blocked = f", blocked by policy: {block.label}" if block else ""
        new = ", brought in" if arrival.email.lower() in self.newcomers else ""
        return Fate.IMPORTED, f"as {token.name} on {license}{new}{blocked}"

    def check_holder(self, arrival: Arrival, holder: tuple[int, int | None]) -> None:
        owner = User.objects.get(pk=holder[0])
        if arrival.email and owner.email != arrival.email.lower():
            raise ActRefused("somebody else here has a token with this text")

    def license_of(self, arrival: Arrival) -> License:
        """Of the person it belonged to; a token without an address goes to a license of a service account."""
        email, number = arrival.email.lower(), arrival.license_number
        license = self.by_number.get(number) if number else self.terms.license or self.by_email.get(email)
        if number and license is None:
            raise ActRefused(f"there is no license of that number{self.where}")
        if license is None:
            license_or_refusal = self.newcomers.get(email)
            if isinstance(license_or_refusal, SeatRefused):
                raise license_or_refusal
            license = license_or_refusal
        if license is None:
            raise ActRefused(f"nobody with this address has a license{self.where}" if email else "it names no owner")
        license = self.by_number.setdefault(license.number, license)
        if email and license.user.email != email:
            raise ActRefused(f"it does not belong to the holder of {license}")
        if not email and not license.user.is_service_account:
            raise ActRefused("it names no owner")
        return license

    @property
    def where(self) -> str:
        return f" of {self.terms.organization}" if self.terms.organization else ""

    def write(self, arrival: Arrival, license: License) -> Token:
        check_hook(license, self.now)
        name = self.name_of(arrival, license)
        scope = check_scope(arrival.scope or self.terms.scope)
        policing.check_grant(license, scopes.parse(scope))
        pepper = hashing.newest_pepper()
        token = Token.objects.create(
            owner=license.user,
            license=license,
            organization=license.organization,
            name=name,
            scope=scope,
            digest=arrival.secret.digest(pepper),
            pepper=pepper,
            hint=arrival.secret.hint,
            shape_id=self.shape_of(arrival),
            created_at=min(arrival.created_at or self.now, self.now),
            expires_at=arrival.expires_at or self.terms.expires_at,
        )
        expiry = token.expires_at.isoformat() if token.expires_at else None
        facts = {"source": self.terms.source, "scope": scope, "expires_at": expiry}
        record("token.imported", token, actor=self.actor, **facts)
        return token

    def name_of(self, arrival: Arrival, license: License) -> str:
        """A name of its own, or `Imported from knox`, `Imported from knox 2`, …"""
        if arrival.name:
            check_name(license, arrival.name, self.now)
            return arrival.name
        first = f"Imported from {self.terms.source}"
        similar = Token.objects.filter(license=license, name__istartswith=first).on_hooks(self.now)
        taken = {name.lower() for name in similar.values_list("name", flat=True)}
        names = (first if number == 1 else f"{first} {number}" for number in count(1))
        return next(name for name in names if name.lower() not in taken)

    def shape_of(self, arrival: Arrival) -> str:
        name = arrival.secret.shape.name
        if name not in self.shapes:
            TextShape.objects.get_or_create(name=name)
            self.shapes.add(name)
        return name


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Few enough for the parameters of one query."""
    rest = iter(values)
    while some := list(islice(rest, AT_ONCE)):
        yield some
