"""Once found good, a token is good until its row or time says otherwise: never a moment longer."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import License, Organization, User
from tests.factories import issue
from tokens.authentication import check
from tokens.clearance import MOST_ADDRESSES, Clearances
from tokens.models import Policy, Token
from tokens.refusals import Refused

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=10)
HOME, OFFICE = "192.0.2.1", "198.51.100.7"

moments = st.integers(0, 40).map(lambda days: START + timedelta(days=days))
some = st.none() | moments
spans = st.none() | st.integers(1, 20).map(lambda days: timedelta(days=days))
networks = st.sampled_from([[], ["192.0.2.0/24"], ["192.0.2.0/24", "198.51.100.0/24"]])

seldom = st.sampled_from([False] * 9 + [True])  # or nearly nothing would ever be let in

policies = st.builds(
    Policy,
    lifetime=st.none() | spans,
    idle_after=spans,
    requires_expiry=seldom,
    requires_approval=seldom,
    requires_second_factor=seldom,
    allowed_networks=networks,
)
people = st.builds(User, id=st.just(1), is_active=seldom.map(lambda no: not no), second_factor_at=some)
tokens = st.builds(
    Token,
    id=st.just(1),
    scope=st.just("tokens:read"),
    allowed_networks=networks,
    created_at=moments,
    expires_at=some,
    revoked_at=seldom.map(lambda yes: START if yes else None),
    stops_at=some,
    replaced_at=some,
    resumed_at=some,
    last_used_at=some,
    awaits_approval=seldom,
)


@st.composite
def looked_up(draw: st.DrawFn) -> Token:
    token, policy = draw(tokens), draw(policies)
    token.owner = draw(people)
    if draw(st.booleans()):
        organization = Organization(id=1)
        organization._state.fields_cache["policy"] = policy
        seat = {"valid_until": draw(some), "deactivated_at": START if draw(seldom) else None}
        token.license = License(id=1, user=token.owner, organization=organization, **seat)
    else:
        token.owner_seat_ends_at = draw(moments)
    return token


def outcome(token: Token, now: datetime, address: str, reads_me: bool) -> str:
    try:
        check(token, now=now, address=address, reads_me=reads_me)
    except Refused as error:
        return error.refusal.code
    return "let in"


calls = st.lists(st.tuples(moments, st.sampled_from([HOME, HOME, OFFICE, ""]), seldom), min_size=4, max_size=20)


@settings(max_examples=300)
@given(looked_up(), calls)
def test_what_is_remembered_never_decides_otherwise(token: Token, calls: list[tuple[datetime, str, bool]]) -> None:
    """Whatever the clock does between the calls, also backwards."""
    remembered = copy.copy(token)
    remembered.clearances = Clearances()

    for now, address, reads_me in calls:
        assert outcome(remembered, now, address, reads_me) == outcome(token, now, address, reads_me)


def of_its_own(token: Token) -> None:
    token.expires_at = END


def of_an_overlap(token: Token) -> None:
    token.replaced_at, token.stops_at = START, END


def of_its_license(token: Token) -> None:
    token.license = License(id=1, user=token.owner, valid_until=END)


def of_the_last_license(token: Token) -> None:
    token.owner_seat_ends_at = END


def of_the_days_it_may_idle(token: Token) -> None:
    organization = Organization(id=1)
    organization._state.fields_cache["policy"] = Policy(idle_after=END - START)
    token.license = License(id=1, user=token.owner, organization=organization)


@pytest.mark.parametrize(
    "end", [of_its_own, of_an_overlap, of_its_license, of_the_last_license, of_the_days_it_may_idle]
)
def test_every_end_that_time_brings_is_kept_to_the_moment(end: Callable[[Token], None]) -> None:
    token = Token(id=1, scope="tokens:read", created_at=START, owner=User(id=1))
    token.clearances = Clearances()
    end(token)

    assert outcome(token, START, HOME, False) == "let in"
    assert token.clearances.ends == {HOME: END}
    assert outcome(token, END - timedelta(microseconds=1), HOME, False) == "let in"
    assert outcome(token, END, HOME, False) != "let in"


def test_a_good_token_is_asked_everything_only_once(alices_license: License, monkeypatch) -> None:
    token = issue(alices_license).token
    token.clearances = Clearances()
    now = token.created_at
    check(token, now=now, address=HOME)

    monkeypatch.setattr(Token, "state", None)
    check(token, now=now + timedelta(days=1), address=HOME)


def test_a_caller_with_many_addresses_fills_no_memory(alices_license: License) -> None:
    token = issue(alices_license).token
    token.clearances = Clearances()

    for number in range(100):
        check(token, now=token.created_at, address=f"2001:db8::{number:x}")

    assert len(token.clearances.ends) <= MOST_ADDRESSES
