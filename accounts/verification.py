"""Walking a chain of the audit log from its first event, or its last mark, to its end: is anything not as written?"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from accounts import chain
from accounts.chain import KeyMissing
from accounts.models import AuditChain, AuditEvent, AuditMark

ROWS_AT_ONCE = 500
UNREADABLE = (DatabaseError, ValueError, TypeError, AttributeError, RecursionError, OverflowError)


class Broken(Exception):
    """The first fault of a chain, in words."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a chain is proven: the position, and the mac of the event there."""

    position: int
    mac: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.mac.hex()}"


@dataclass(frozen=True, slots=True)
class Proof:
    """An unbroken chain: how many events it holds now, and where it ends. `noted` is whether a place given was met."""

    events: int
    cut: int
    head: Place
    is_noted_met: bool


def verify(organization: int | None, noted: Place | None = None) -> Proof:
    """Walk one chain. Raises Broken. A cut made meanwhile moves the beginning, so the walk begins again."""
    while True:
        begin = beginning(organization)
        try:
            return walk(organization, begin, noted)
        except Broken:
            if beginning(organization) == begin:
                raise


def beginning(organization: int | None) -> Place:
    """Behind the last cut. A mark that is not ours would let anything go, so every one is looked at."""
    place = Place(0, chain.BEGINNING)
    marks = AuditMark.objects.of_chain(organization).order_by("position", "pk")
    try:
        for mark in marks.iterator(chunk_size=ROWS_AT_ONCE):
            if not signed("mark", mark, chain.BEGINNING, f"mark {mark.pk}"):
                raise Broken(f"forged mark {mark.pk}: it says that events up to position {mark.position} were cut off")
            place = Place(mark.position, bytes(mark.head))
    except UNREADABLE:
        raise Broken("forged mark: one cannot be read") from None
    return place


def walk(organization: int | None, begin: Place, noted: Place | None) -> Proof:
    """In batches; what is left at the end is looked at under the lock, so that nobody appends meanwhile."""
    place, is_met = begin, noted == begin
    for event in events_behind(organization, begin.position):
        place = step(event, place, organization)
        is_met = is_met or place == noted
    with transaction.atomic():
        end = AuditChain.objects.select_for_update().filter(organization=organization).first()
        for event in events_behind(organization, place.position):
            place = step(event, place, organization)
            is_met = is_met or place == noted
        check_end(end, place, begin, organization)
    return Proof(events=place.position - begin.position, cut=begin.position, head=place, is_noted_met=is_met)


def step(event: AuditEvent, place: Place, organization: int | None) -> Place:
    """From one proven event to the next."""
    expected = place.position + 1
    at = f"event {event.pk} at position {event.position}"
    if not isinstance(event.position, int):
        raise Broken(f"changed: {at}")
    if event.position > expected:
        first = " at the beginning, cut off without a mark" if place == Place(0, chain.BEGINNING) else ""
        raise Broken(f"missing: {span(expected, event.position - 1)}{first}")
    if event.position < expected:
        raise Broken(f"inserted: {at}, which is taken")
    if not (signed("event", event, place.mac, at) and is_stored_as_written(event)):
        raise Broken(f"{what_happened(event, place, organization)}: {at}")
    return Place(event.position, bytes(event.mac))


def events_behind(organization: int | None, position: int) -> Iterator[AuditEvent]:
    while True:
        rows = AuditEvent.objects.of_chain(organization).filter(position__gt=position).order_by("position", "pk")
        batch = rows[:ROWS_AT_ONCE]
        try:
            events: Iterable[AuditEvent] = list(with_stored_text(batch))
        except UNREADABLE:
            events = one_by_one(batch)
        count = 0
        for event in events:
            yield event
            count, position = count + 1, event.position
        if count < ROWS_AT_ONCE:
            return


def one_by_one(batch: Any) -> Iterator[AuditEvent]:
    """For a batch in which something cannot be read: up to that row."""
    for pk in list(batch.values_list("pk", flat=True)):
        try:
            yield with_stored_text(AuditEvent.objects.filter(pk=pk)).get()
        except UNREADABLE:
            raise Broken(f"changed: event {pk}, which cannot be read any more") from None


def with_stored_text(rows: Any) -> Any:
    """SQLite keeps moments and JSON as text, in which a byte can change and mean the same."""
    if connection.vendor != "sqlite":
        return rows
    return rows.annotate(stored_at=Cast("occurred_at", TextField()), stored_details=Cast("details", TextField()))


def is_stored_as_written(event: Any) -> bool:
    if connection.vendor != "sqlite":
        return True
    at = str(event.occurred_at.astimezone(UTC).replace(tzinfo=None))
    return bool(event.stored_at == at and event.stored_details == json.dumps(event.details))


def signed(label: str, row: Any, former: bytes, at: str) -> bool:
    try:
        return chain.is_signed(label, row, former)
    except KeyMissing as missing:
        raise Broken(f"not to be verified: {at} is signed with key {missing}, which the settings do not hold") from None


def what_happened(event: AuditEvent, place: Place, organization: int | None) -> str:
    """The likeliest story of an event that does not follow from the one before."""
    later = AuditEvent.objects.of_chain(organization).filter(position__gt=event.position)
    if later.filter(pk__lt=event.pk).exists():
        return "reordered"
    end = AuditChain.objects.filter(organization=organization).first()
    if end and event.position > end.count:
        return "inserted"
    following = later.order_by("position").first()
    if following and follows(following, place):
        return "inserted"
    return "changed"


def follows(event: AuditEvent, place: Place) -> bool:
    """Whether it would be right, had nothing pushed it on by one position."""
    columns = chain.columns_of(event) | {"position": place.position + 1}
    return chain.mac("event", columns, place.mac) == bytes(event.mac)


def check_end(end: AuditChain | None, place: Place, begin: Place, organization: int | None) -> None:
    if end is None:
        if place.position:
            raise Broken(f"forged chain head: the row that says where {place.position} events end is missing")
        return
    if not signed("head", end, chain.BEGINNING, "the chain's head"):
        raise Broken("forged chain head: it was not signed by us")
    if end.count > place.position:
        raise Broken(f"tail cut off: {span(place.position + 1, end.count)} missing at the end")
    if (end.count, bytes(end.head)) != (place.position, place.mac):
        raise Broken(f"forged chain head: it ends at position {end.count}, the events at {place.position}")
    rows = AuditEvent.objects.of_chain(organization)
    if rows.count() != place.position - begin.position:
        intruder = rows.filter(position__lte=begin.position).first()
        at = f": event {intruder.pk} at position {intruder.position}, which was cut off" if intruder else ""
        raise Broken(f"inserted{at or ' events that share a position'}")


def span(first: int, last: int) -> str:
    return f"position {first}" if first == last else f"positions {first} to {last}"
