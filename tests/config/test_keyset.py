"""Paging by position: every row once, in order, in both directions, whatever comes or goes meanwhile."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Q
from django.http import QueryDict

from accounts.models import User
from config import keyset
from config.keyset import KeysetPage, Order, page_of
from tests.factories import UserFactory

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDERS = [Order(), Order(is_descending=False), Order("last_login"), Order("last_login", is_descending=False)]


def cursor_at(moment: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([moment, 1]).encode()).decode().rstrip("=")


EARLIER_THAN_TIME, LATER_THAN_TIME = cursor_at("0001-01-01T00:00:00+23:59"), cursor_at("9999-12-31T23:59:59-23:59")


@pytest.fixture
def people(db: None) -> None:
    """Seven, of whom two share a moment and two have none."""
    for hours in (1, 2, 2, 3, None, 4, None):
        UserFactory(last_login=NOON + timedelta(hours=hours) if hours else None)


def page(order: Order, query: str = "") -> KeysetPage:
    return page_of(User.objects.all(), QueryDict(query.removeprefix("?")), order=order, size=2)


def walk(order: Order, way: str, query: str = "") -> list[list[int]]:
    pages = []
    while True:
        shown = page(order, query)
        pages.append([person.pk for person in shown])
        query = getattr(shown, way)
        if not query:
            return pages


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_every_row_is_met_once_and_in_order(order: Order) -> None:
    pages = walk(order, "older")

    keys = [person.pk for stretch in order.stretches(User.objects.all()) for person in stretch]
    assert [key for keys in pages for key in keys] == keys
    assert [len(keys) for keys in pages] == [2, 2, 2, 1]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_the_way_back_meets_the_same_pages(order: Order) -> None:
    there = walk(order, "older")
    last = ""
    for _ in there[1:]:
        last = page(order, last).older

    back = walk(order, "newer", last)

    assert [key for keys in reversed(back) for key in keys] == [key for keys in there for key in keys]


@pytest.mark.usefixtures("people")
def test_the_rows_without_a_value_stand_last() -> None:
    for order in ORDERS[2:]:
        last_logins = [person.last_login for stretch in order.stretches(User.objects.all()) for person in stretch]
        assert last_logins[-2:] == [None, None]


@pytest.mark.usefixtures("people")
def test_a_row_that_comes_meanwhile_repeats_no_other() -> None:
    first = page(Order())
    UserFactory()

    second = page(Order(), first.older)

    assert not {person.pk for person in first} & {person.pk for person in second}


@pytest.mark.usefixtures("people")
def test_the_links_keep_the_rest_of_the_search() -> None:
    shown = page(Order(), "?q=a&state=active&page=3")

    assert shown.older.startswith("?q=a&state=active&after=")


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "%00",
        "W10",
        "WzEsIjIiXQ",
        "W251bGwsIHRydWVd",
        "WyJub3QgYSBkYXRlIiwgM10",
        "W1tdLCAzXQ",
        EARLIER_THAN_TIME,
        LATER_THAN_TIME,
        "[" * 9000,
    ],
)
@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("word", ["after", "before"])
def test_a_cursor_that_makes_no_sense_leads_to_a_page_all_the_same(word: str, order: Order, cursor: str) -> None:
    query = QueryDict(mutable=True)
    query[word] = cursor

    shown = page_of(User.objects.all(), query, order=order, size=2)

    assert len(shown.rows) <= 2


@pytest.mark.usefixtures("people")
def test_a_cursor_behind_the_last_row_leads_to_the_first_page() -> None:
    nobody = Order().cursor_of(User(pk=1))

    shown = page(Order(is_descending=True), f"?after={nobody}")

    assert len(shown.rows) == 2
    assert shown.newer == ""


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("way", ["older", "newer"])
@pytest.mark.parametrize("looks", [1, 2])
def test_what_is_asked_in_passing_is_met_once_and_in_order(
    order: Order, way: str, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a look at two rows a page, of which one, two or none may be meant; so a page may be empty, and leads on."""
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", 2)
    monkeypatch.setattr(keyset, "MOST_LOOKS", looks)
    every = [person.pk for stretch in order.stretches(User.objects.all()) for person in stretch]
    meant = [every[0], every[1], every[5], every[6]]
    query, met = "", []
    if way == "newer":
        query = f"?before={order.cursor_of(User.objects.get(pk=every[6]))}"
        meant = [every[1], every[0]]

    for _ in every:
        shown = page_of(
            User.objects.all(), QueryDict(query[1:]), order=order, size=2, count=4, asked=Q(pk__in=[*meant])
        )
        met += [person.pk for person in (reversed(shown.rows) if way == "newer" else shown.rows)]
        if not (query := getattr(shown, way)):
            break

    assert met == meant


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(("looks", "is_found"), [(3, False), (4, True)])
def test_a_page_looks_on_for_its_first_row_and_says_how_far(
    looks: int, is_found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last of seven, with a look at two; a page without it leads on."""
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", 2)
    monkeypatch.setattr(keyset, "MOST_LOOKS", looks)
    last = User.objects.earliest("pk")

    shown = page_of(User.objects.all(), QueryDict(), order=Order(), size=2, count=3, asked=Q(pk=last.pk))

    assert shown
    assert shown.rows == ([last] if is_found else [])
    assert shown.looked_at == (0 if is_found else 2 * looks)
    assert bool(shown.older) is not is_found
    assert shown.newer == ""


@pytest.mark.usefixtures("people")
def test_a_page_behind_the_last_that_is_meant_keeps_the_search_and_leads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", 2)
    newest = User.objects.latest("pk")
    query = QueryDict(f"q=x&after={Order().cursor_of(newest)}")

    shown = page_of(User.objects.all(), query, order=Order(), size=2, count=1, asked=Q(pk=newest.pk))

    assert shown
    assert (shown.rows, shown.older) == ([], "")
    assert shown.newer.startswith("?q=x&before=")


@pytest.mark.usefixtures("people")
def test_a_page_behind_the_last_row_is_the_first_of_the_same_search() -> None:
    query = QueryDict(f"q=x&after={Order().cursor_of(User.objects.earliest('pk'))}")

    shown = page_of(User.objects.all(), query, order=Order(), size=2)

    assert len(shown.rows) == 2
    assert shown.older.startswith("?q=x&after=")
