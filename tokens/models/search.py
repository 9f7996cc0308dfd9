"""What some words mean in the lists of an organization: its tokens, its members, its log.

The words of it are asked first, no further than a bound. Where few rows have them, those are gathered; what very many
rows have is asked of each row in passing.
"""

import re
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from accounts.address import canonical
from accounts.models import AuditEvent, License, LicenseWord, Organization, PersonWord, User
from accounts.models.words import GATHERED_TIMES, WordQuerySet, gathered
from config import keyset, words
from config.choice import BY_KEY, NOTHING, Choice, Range, along, among
from tokens.models.token import Token
from tokens.models.usage import TokenAddress
from tokens.models.words import TokenWord

Asked = tuple[str, str, WordQuerySet, Q]
MOST_OPERATORS = 1000
PARTS = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}\.|\d{1,3}(\.\d{1,3}){1,2}", re.ASCII)  # of an address


def of_tokens(text: str, organization: Organization) -> Choice:
    """By an address they were used from, or by name, hint, person or license."""
    if not text:
        return Choice()
    if address := canonical(text):
        return used_from(address)
    own = TokenWord.objects.of_today().beginning(text)
    asked: list[Asked] = [
        (BY_KEY, "pk", own, has(own, token=OuterRef("pk"))),
        *(
            ("token_license", "license", found, has(found, license=OuterRef("license")))
            for found in words_of_licenses(text)
        ),
    ]
    return leading(choice_of(asked, organization), Token.objects.of_organization(organization))


def used_from(address: str) -> Choice:
    seen = TokenAddress.objects.filter(address=address)
    keys = gathered(along("tokenaddress_address", seen), "token_id")
    if keys is None:
        return Choice(terms=has(seen, token=OuterRef("pk")))
    return Choice([range_of(BY_KEY, "pk", keys)], is_short=True)


def of_licenses(text: str, organization: Organization) -> Choice:
    """By the person, or by what the license itself is called."""
    if not text:
        return Choice()
    found = words_of_licenses(text)
    return choice_of([(BY_KEY, "pk", each, has(each, license=OuterRef("pk"))) for each in found], organization)


def words_of_licenses(text: str) -> list[WordQuerySet]:
    return [LicenseWord.objects.beginning(text), PersonWord.objects.beginning(text)]


def choice_of(asked: list[Asked], organization: Organization) -> Choice:
    ranges: list[Range] = []
    terms, are_few = Q(), True
    for index, column, found, probe in asked:
        keys = found.filter(organization=organization).gathered()
        if keys is None:
            are_few = False
            terms |= probe
        elif is_any(keys):
            ranges.append(range_of(index, column, keys))
            terms |= ranges[-1].condition
    if not are_few:
        return Choice(terms=terms)
    return Choice(ranges or [Range(BY_KEY, NOTHING)], is_short=True)


def has(found: "QuerySet[Any]", **row: Any) -> Q:
    """Whether the row at hand has one of these. Not as EXISTS, for which PostgreSQL might gather all that have."""
    (column,) = row
    return Q(IsNull(Subquery(found.filter(**row).values(column)[:1]), False))


def of_events(text: str, organization: Organization) -> Choice:
    """By the address somebody acted from, its first parts too; or by a token's name or hint, or by a person."""
    if not text:
        return Choice()
    events = AuditEvent.objects.of_chain(organization)
    if address := canonical(text):
        return leading(Choice([Range("audit_organization_address", Q(address=address))]), events)
    tokens, people = TokenWord.objects.beginning(text), PersonWord.objects.beginning(text)
    found = [
        *(some.filter(organization=organization).gathered() for some in (tokens.of_today(), tokens.of_former())),
        # Of all sites' people: too many are of others.
        *(some.filter(organization=None).gathered() or [] for some in (tokens.of_today(), tokens.of_former())),
    ]
    licenses = people.filter(organization=organization).gathered()
    if licenses is None or None in found:
        terms = has(tokens, token=OuterRef("token_id"))
        for column in ("actor", "subject"):
            seat = License.objects.filter(user=OuterRef(OuterRef(column)), organization=organization)
            terms |= has(people, license=Subquery(seat.values("pk")[:1]))
        return Choice(terms=terms)
    holders = License.objects.filter(pk__in=licenses).values_list("user", flat=True)
    persons = [list(holders) if isinstance(licenses, list) else holders, operators(text)]
    ranges = [
        *(range_of("audit_token", "token_id", some) for some in found if is_any(some)),
        *(range_of("audit_organization_actor", "actor", some) for some in persons if is_any(some)),
        *(range_of("audit_organization_subject", "subject", some) for some in persons if is_any(some)),
    ]
    if bounds := network(text):
        ranges.append(Range("audit_organization_address", Q(**bounds)))
    return leading(Choice(ranges or [Range(BY_KEY, NOTHING)]), events)


def leading(choice: Choice, rows: "QuerySet[Any]") -> Choice:
    """Not by ranges of very many: of those, few may keep to what else is asked."""
    left = keyset.COUNTED_AT_MOST * GATHERED_TIMES + 1
    for each in choice.ranges:
        left -= each.within(rows)[:left].count()
        if left <= 0:
            return Choice(terms=choice.condition)
    return replace(choice, is_short=True)


def range_of(index: str, column: str, keys: Any) -> Range:
    return Range(index, Q(**{f"{column}__in": keys}), lookup=None if isinstance(keys, list) else among(column, keys))


def is_any(keys: Any) -> bool:
    """A query is made of keys that are too many to be none."""
    return not isinstance(keys, list) or bool(keys)


def operators(text: str) -> list[int]:
    """Who acts in organizations without a license of theirs."""
    first, _ = words.bounds(text)
    people = along("user_operator", User.objects.filter(is_staff=True))[:MOST_OPERATORS]
    return [
        person.pk
        for person in people
        if any(entry.startswith(first) for entry in words.entries(person.name, person.shown_email))
    ]


def network(text: str) -> dict[str, str]:
    """`192.0.2` are the addresses that begin so. SQLite keeps them as texts, PostgreSQL as numbers."""
    numbers = text.rstrip(".").split(".")
    if not PARTS.fullmatch(text) or any(int(number) > 255 for number in numbers):
        return {}
    begin = ".".join(numbers)
    if connection.vendor == "sqlite":
        return {"address__gte": f"{begin}.", "address__lt": f"{begin}/"}
    rest = 4 - len(numbers)
    return {"address__gte": begin + ".0" * rest, "address__lte": begin + ".255" * rest}
