"""What some words mean in the lists of an organization: its tokens, its members, its log.

The words of it are asked first, no further than a bound. Where few rows have them, those are gathered; what many rows
have is asked of each row in passing.
"""

import functools
import operator
import re
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from accounts.address import canonical
from accounts.models import License, LicenseWord, Organization, PersonWord, User
from accounts.models.words import WordQuerySet, gathered
from config import keyset, words
from config.choice import BY_KEY, NOTHING, Choice, Range, along
from tokens.models.usage import TokenAddress
from tokens.models.words import TokenWord

NONE = Range(BY_KEY, NOTHING)
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
    return choice_of(asked, organization)


def used_from(address: str) -> Choice:
    seen = TokenAddress.objects.filter(address=address)
    keys = gathered(along("tokenaddress_address", seen), "token_id")
    if keys is None:
        return Choice(terms=has(seen, token=OuterRef("pk")))
    return Choice([Range(BY_KEY, Q(pk__in=keys))])


def of_licenses(text: str, organization: Organization) -> Choice:
    """By the person, or by what the license itself is called."""
    if not text:
        return Choice()
    found = words_of_licenses(text)
    return choice_of([(BY_KEY, "pk", each, has(each, license=OuterRef("pk"))) for each in found], organization)


def words_of_licenses(text: str) -> list[WordQuerySet]:
    return [LicenseWord.objects.beginning(text), PersonWord.objects.beginning(text)]


def choice_of(asked: list[Asked], organization: Organization) -> Choice:
    """One of them all. Where they are many, each is asked of a row in passing."""
    found = [(each, each[2].filter(organization=organization).gathered()) for each in asked]
    some = [(each, keys) for each, keys in found if keys is None or keys]
    if are_few([keys for _, keys in some]):
        return Choice([Range(index, Q(**{f"{column}__in": keys})) for (index, column, _, _), keys in some] or [NONE])
    return Choice(terms=functools.reduce(operator.or_, [probe for (_, _, _, probe), _ in some]))


def are_few(found: "list[list[int] | None]") -> bool:
    """All together, for each key is a parameter of the queries that follow."""
    return None not in found and sum(len(keys or []) for keys in found) <= keyset.COUNTED_AT_MOST


def has(found: "QuerySet[Any]", **row: Any) -> Q:
    """Whether the row at hand has one of these. Not as EXISTS, for which PostgreSQL might gather all that have."""
    (column,) = row
    return Q(IsNull(Subquery(found.filter(**row).values(column)[:1]), False))


def of_events(text: str, organization: Organization) -> Choice:
    """By the address somebody acted from, its first parts too; or by a token's name or hint, or by a person."""
    if not text:
        return Choice()
    if address := canonical(text):
        return Choice([Range("audit_organization_address", Q(address=address))])
    tokens, people = TokenWord.objects.beginning(text), PersonWord.objects.beginning(text)
    found = [
        *(some.filter(organization=organization).gathered() for some in (tokens.of_today(), tokens.of_former())),
        # Of all sites' people: too many are of others.
        *(some.filter(organization=None).gathered() or [] for some in (tokens.of_today(), tokens.of_former())),
    ]
    licenses = people.filter(organization=organization).gathered()
    acting, bounds = operators(text), network(text)
    if not are_few([*found, licenses, licenses]) or licenses is None:
        terms = has(tokens, token=OuterRef("token_id"))
        for column in ("actor", "subject"):
            seat = License.objects.filter(user=OuterRef(OuterRef(column)), organization=organization)
            terms |= has(people, license=Subquery(seat.values("pk")[:1])) | Q(**{f"{column}__in": acting})
        return Choice(terms=terms | Q(**bounds) if bounds else terms)
    holders = License.objects.filter(pk__in=licenses).values_list("user", flat=True)
    looked_up = {
        "audit_token": [Q(token_id__in=some) for some in found if some],
        "audit_organization_actor": [Q(actor__in=some) for some in (list(holders), acting) if some],
        "audit_organization_subject": [Q(subject__in=some) for some in (list(holders), acting) if some],
        "audit_organization_address": [Q(**bounds)] if bounds else [],
    }
    return Choice([Range(index, each) for index, some in looked_up.items() for each in some] or [NONE])


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
