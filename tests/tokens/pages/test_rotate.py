"""Rotating on the token's own page, and the page that shows what came of it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import License, User
from tests.calls import call, outcome
from tests.conftest import signed_in
from tests.factories import issue
from tokens import lifecycle
from tokens.ledger import ledger
from tokens.lifecycle import Issued
from tokens.models import Token

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with at(NOW):
        yield


@pytest.fixture
def old(alices_license: License) -> Issued:
    return issue(alices_license)


@pytest.fixture
def client(alice: User) -> Client:
    return signed_in(alice)


def rotate(client: Client, token: Token, overlap: str = "24h", **choices: str):
    return client.post(reverse("token-rotate", args=[token.pk]), {"overlap": overlap} | choices)


def successors(token: Token) -> list[Token]:
    return list(token.successors.order_by("pk"))


def shown_text(page: str) -> str:
    """The one text of a token on the page, found as a secret scanner would."""
    return next(iter(set(re.findall(r"trk_[0-9A-Za-z]{46}", page))), "")


def test_the_owner_sees_the_new_text_once(client: Client, old: Issued) -> None:
    answer = rotate(client, old.token)

    (successor,) = successors(old.token)
    text = shown_text(answer.content.decode())
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert outcome(call(Issued(successor, text))) == "let in"
    again = client.get(reverse("token-created", args=[successor.pk])).content.decode()
    assert shown_text(again) == ""
    assert successor.hint in again


@pytest.mark.parametrize(
    ("overlap", "length"), [("0", timedelta(0)), ("1h", HOUR), ("24h", 24 * HOUR), ("7d", 7 * DAY)]
)
def test_the_old_token_stops_when_its_owner_has_chosen(
    client: Client, old: Issued, overlap: str, length: timedelta
) -> None:
    rotate(client, old.token, overlap)

    old.token.refresh_from_db()
    assert old.token.stops_at == NOW + length
    assert not old.token.stops_on_use


def test_the_old_token_stops_with_the_first_use_of_the_new_one_if_chosen(client: Client, old: Issued) -> None:
    rotate(client, old.token, stops_on_use="on")

    old.token.refresh_from_db()
    assert old.token.stops_on_use


@pytest.mark.parametrize("overlap", ["", "30d", "-1h"])
def test_an_overlap_that_is_not_offered_rotates_nothing(client: Client, old: Issued, overlap: str) -> None:
    answer = rotate(client, old.token, overlap)

    assert answer.url == f"{old.token.get_absolute_url()}#rotate"
    assert successors(old.token) == []


def test_opening_the_address_rotates_nothing_and_leads_to_the_form(client: Client, old: Issued) -> None:
    answer = client.get(reverse("token-rotate", args=[old.token.pk]))

    assert answer.url == f"{old.token.get_absolute_url()}#rotate"
    assert successors(old.token) == []


def test_the_same_form_sent_twice_makes_one_token_and_shows_no_text_again(client: Client, old: Issued) -> None:
    key = str(uuid4())
    rotate(client, old.token, request_key=key)

    answer = rotate(client, old.token, request_key=key)

    (successor,) = successors(old.token)
    assert answer.url == reverse("token-created", args=[successor.pk])


def test_a_refusal_is_told_on_the_page_of_the_token(client: Client, old: Issued) -> None:
    lifecycle.revoke(actor=SYSTEM, token=old.token)

    answer = client.post(reverse("token-rotate", args=[old.token.pk]), {"overlap": "24h"}, follow=True)

    assert answer.redirect_chain == [(old.token.get_absolute_url(), 302)]
    assert "This token has ended and cannot be rotated" in answer.content.decode()
    assert successors(old.token) == []


@pytest.mark.parametrize("stranger", ["charlie", "mallory", "bob"])
def test_nobody_but_its_owner_rotates_a_token(request, old: Issued, stranger: str) -> None:
    """Bob administers the organization: he may stop a token and never hold its text."""
    client = signed_in(request.getfixturevalue(stranger))

    assert rotate(client, old.token).status_code == 404
    assert successors(old.token) == []


@pytest.mark.parametrize("stranger", ["charlie", "mallory", "bob"])
def test_nobody_but_its_owner_sees_what_came_of_it(request, old: Issued, stranger: str) -> None:
    client = signed_in(request.getfixturevalue(stranger))

    statuses = {
        name: client.get(reverse(name, args=[old.token.pk])).status_code
        for name in ("token-detail", "token-created", "token-first-call")
    }

    assert set(statuses.values()) == {404}


def test_who_is_not_signed_in_is_asked_to_first(old: Issued) -> None:
    answer = rotate(Client(), old.token)

    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))
    assert successors(old.token) == []


def test_a_sign_in_long_ago_is_not_enough(settings, client: Client, old: Issued) -> None:
    with at(NOW + timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)):
        answer = rotate(client, old.token)

    assert answer.status_code == 302
    assert successors(old.token) == []


def test_the_account_token_has_no_page_to_rotate_on(client: Client, alice: User) -> None:
    account = lifecycle.regenerate(actor=SYSTEM, owner=alice).token

    assert rotate(client, account).status_code == 404


# What the owner sees of it afterwards


def detail(client: Client, token: Token) -> str:
    return " ".join(client.get(token.get_absolute_url()).content.decode().split())


def test_while_both_work_the_page_says_until_when_and_names_the_successor(client: Client, old: Issued) -> None:
    rotate(client, old.token, "1h")

    page = detail(client, old.token)
    assert "Replaced <time" in page
    assert "2 Mar 2026, 10:00" in page
    assert successors(old.token)[0].hint in page


def test_a_replaced_token_still_in_use_is_told_with_its_address(client: Client, old: Issued) -> None:
    rotate(client, old.token, "1h")
    with at(NOW + HOUR):
        assert outcome(call(old, "198.51.100.9")) == "token_revoked"
        ledger.flush()

        dashboard = " ".join(client.get(reverse("dashboard")).content.decode().split())
        page = detail(client, old.token)

    assert f'<a href="{old.token.get_absolute_url()}">nightly-export</a> was replaced and is still in use' in dashboard
    assert f"{old.token.get_absolute_url()}#refused" in dashboard
    assert "198.51.100.9" in page
    assert "Token revoked" in page


def test_a_replaced_token_that_an_administrator_revoked_is_not_said_to_be_liftable(
    client: Client, old: Issued, bob: User
) -> None:
    rotate(client, old.token)
    lifecycle.revoke(actor=Actor(bob), token=old.token)

    page = detail(client, old.token)

    assert "Only an administrator can re-approve it" not in page
    assert "It never comes back" in page


def test_a_token_in_its_overlap_is_not_said_to_come_back_after_revoking(client: Client, old: Issued) -> None:
    rotate(client, old.token)

    assert "It can be re-approved" not in detail(client, old.token)


def test_the_meter_counts_the_successor_alone(client: Client, old: Issued) -> None:
    rotate(client, old.token)

    racks = client.get(reverse("tokens")).context["racks"]

    assert [(rack.used, [token.pk for token in rack.leaving]) for rack in racks] == [(1, [old.token.pk])]


@pytest.mark.parametrize("page", ["/", "/tokens/"])
def test_a_banner_says_what_expires_this_week(alices_license: License, page: str) -> None:
    issue(alices_license, name="grafana-panels", expires_at=timezone.now() + timedelta(days=3))
    issue(alices_license, name="ci-release", expires_at=timezone.now() + timedelta(days=30))

    said = signed_in(alices_license.user).get(page).content.decode()

    assert "grafana-panels</a> expires in 3 days.</b>" in said
    assert "ci-release</a> expires" not in said
