"""No page, no list and no act reads what grows: tokens, members, events and usage of a whole organization.

Every address that answers GET is asked, those of the map and of the API as they are, lists with each choice of their
filters. A new page or filter is among them before anybody thinks of it.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils import timezone

from accounts import seats
from accounts.actor import Actor
from accounts.models import License, User
from config import keyset
from tests.conftest import signed_in
from tests.factories import invite, issue
from tests.tokens import crowd
from tests.tokens.api.scripts import script_of
from tests.tokens.crowd import forget_statistics, gather_crowd, gather_statistics
from tests.tokens.plans import IS_SQLITE, scanned, work_of
from tokens import lifecycle
from tokens.api.endpoints import api
from tokens.events import AuditFilter
from tokens.filters import MemberFilter, TokenFilter
from tokens.models import Policy, Token

# Of a page, of which the largest shows fifty rows, and what is counted at most; a look at the crowd is far more.
MOST_WORK = 15_000 if IS_SQLITE else 1_500
COUNTED_AT_MOST = 100

GROWING = re.compile(
    r"tokens_token\w*|tokens_refusalday|accounts_(user|license|auditevent|invitation)|usersessions_\w+"
)
OTHERS = ("django-admin/", "api/")  # the one for site operators; the other is read from its description
KINDS = ("invitations", "members", "licenses", "sessions", "passkeys", "tokens")

STATISTICS = [forget_statistics, gather_statistics] if IS_SQLITE else [gather_statistics]

LISTS: dict[str, type] = {
    "admin/meridian/tokens/": TokenFilter,
    "admin/meridian/members/": MemberFilter,
    "admin/meridian/audit/": AuditFilter,
    "api/v1/organization/meridian/tokens": TokenFilter,
    "api/v1/organization/meridian/members": MemberFilter,
    "api/v1/organization/meridian/audit": AuditFilter,
}
# What all have, one has, nobody has, and all have elsewhere; by whatever is searched in the list or nobody is named.
WORDS = ["job", "member", "crwd", "job-00042", "Member 00042", "nowhere", "192.0.2.8", "192.0.2.7", "away", "Stranger"]
SOME_WORDS = ["job", "job-00042", "away"]
TEXTS = {"since": ["2026-01-01"], "until": ["2026-01-01"], "q": WORDS}


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    for each in patterns:
        if not isinstance(each.pattern, RoutePattern):
            continue
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield route


def addresses(known: dict[str, Any]) -> list[str]:
    pages = [route for route in routes(get_resolver().url_patterns) if not route.startswith(OTHERS)]
    described = api.get_openapi_schema()["paths"]
    calls = [path.lstrip("/") for path, acts in described.items() if "get" in acts]
    plain = [filled(route, known) for route in pages + calls]
    return plain + [f"{place}?{query}" for place, kind in LISTS.items() for query in queries(kind)]


def filled(route: str, known: dict[str, Any]) -> str:
    """Who or what does not stand in `known` is what a new page is about: say there which one to look at."""
    return re.sub(r"[<{](?:\w+:)?(\w+)[>}]", lambda place: str(known[meant(place[1], route)]), route)


def meant(name: str, route: str) -> str:
    return next((word for word in KINDS if word in route), name) if name == "pk" else name


def queries(kind: type) -> Iterator[str]:
    """Each choice of the filter, in each of its sorts; and each together with words of many and of few."""
    fields: dict[str, Any] = kind.base_fields  # type: ignore[attr-defined]
    sorts = [value for value, _ in fields["sort"].choices] if "sort" in fields else [""]
    for name in fields.keys() - {"sort", "license"}:
        for value, sort in itertools.product(values_of(name, fields[name]), sorts):
            yield f"{name}={value}" + (f"&sort={sort}" if sort else "")
        for value, words in itertools.product(values_of(name, fields[name]), SOME_WORDS):
            if name != "q":
                yield f"{name}={value}&q={words}"


def values_of(name: str, field: Any) -> list[str]:
    if name in TEXTS:
        return TEXTS[name]
    if name == "scope":
        return ["account:write"]
    flat = itertools.chain.from_iterable(
        value if isinstance(value, list) else [(key, value)] for key, value in field.choices
    )
    return [key for key, _ in flat if key][:12]


def faults(client: Client, address: str, seen: set[str]) -> Iterator[str]:
    return faults_of(address, lambda: client.get(f"/{address}"), seen)


def faults_of(what: str, act: Callable[[], object], seen: set[str]) -> Iterator[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    for query in captured.captured_queries:
        sql = query["sql"]
        if not sql.startswith("SELECT") or " FOR " in sql or "FROM" not in sql or sql in seen:
            continue
        seen.add(sql)
        read = {table for table in scanned(sql) if GROWING.fullmatch(table)} if IS_SQLITE else set()
        work = work_of(sql)
        if read or work > MOST_WORK:
            yield f"{what}: {work:,} of {sorted(read)}: {sql[:3000]}"


@pytest.fixture
def readers(alices_license: License, bob: User) -> list[Client]:
    """Alice, who is a member; Bob, who administers; and a script of his."""
    return [
        signed_in(alices_license.user),
        signed_in(bob),
        script_of(bob.licenses.get(), "organization:read tokens:read account:read").client,
    ]


@pytest.fixture
def known(alices_license: License, bob: User, readers: list[Client]) -> dict[str, Any]:
    token = issue(alices_license).token
    invitation = invite(alices_license.organization, bob)
    return {
        "slug": "meridian",
        "tokens": token.pk,
        "token_id": token.pk,
        "members": alices_license.pk,
        "license_id": alices_license.pk,
        "licenses": alices_license.pk,
        "invitations": invitation.pk,
        "invitation_id": invitation.pk,
        "sessions": 1,
        "passkeys": 1,
        "proof": "made-up",
        "secret": "made-up",
        "key": "made-up",
    }


@pytest.mark.parametrize("statistics", STATISTICS, ids=lambda gather: gather.__name__)
def test_no_page_reads_what_grows(
    alices_license: License,
    readers: list[Client],
    known: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    statistics: Callable[[], None],
) -> None:
    """With the statistics that each database gathers by itself, of which SQLite has none; and with those it can."""
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", COUNTED_AT_MOST)
    Policy.objects.create(organization=alices_license.organization, requires_expiry=True, requires_approval=True)
    gather_crowd(alices_license.organization)
    statistics()
    seen: set[str] = set()

    found = [fault for address in addresses(known) for reader in readers for fault in faults(reader, address, seen)]

    assert not found, "\n\n".join(found)
    assert len(seen) > COUNTED_AT_MOST


@pytest.mark.parametrize("statistics", STATISTICS, ids=lambda gather: gather.__name__)
def test_no_act_reads_what_grows(
    alices_license: License, bob: User, monkeypatch: pytest.MonkeyPatch, statistics: Callable[[], None]
) -> None:
    monkeypatch.setattr(crowd, "COUNT", 3_000)
    gather_crowd(alices_license.organization)
    statistics()
    alice, former = Actor(alices_license.user), issue(alices_license).token
    seen: set[str] = set()
    made: list[Token] = []
    acts: dict[str, Callable[[], object]] = {
        "issue": lambda: issue(alices_license, "one more"),
        "rotate": lambda: made.append(lifecycle.rotate(actor=alice, token=former, overlap=timedelta(days=1)).token),
        "first use": lambda: lifecycle.note_first_use(token=made[0], now=timezone.now(), address="192.0.2.7"),
        "revoke": lambda: lifecycle.revoke(actor=Actor(bob), token=made[0]),
        "reapprove": lambda: lifecycle.reapprove(actor=Actor(bob), token=made[0]),
        "regenerate": lambda: lifecycle.regenerate(actor=alice, owner=alices_license.user),
        "sign out": lambda: lifecycle.revoke_on_sign_out(actor=alice, owner=alices_license.user),
        "deactivate": lambda: seats.deactivate_license(alices_license, actor=Actor(bob)),
    }

    found = [fault for name, act in acts.items() for fault in faults_of(name, act, seen)]

    assert not found, "\n\n".join(found)
    assert len(seen) > len(acts)
