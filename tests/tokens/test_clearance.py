"""Once found good, a token is good until its row or time says otherwise: never a moment longer."""

import copy
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from accounts.models import License, Organization, User
from tests.factories import issue
from tokens.authentication import check
from tokens.clearance import MOST_ADDRESSES, Clearances, next_turn
from tokens.models import Policy, Token
from tokens.refusals import Refused

START = datetime(2026, 3, 1, tzinfo=UTC)
HOME, OFFICE = "192.0.2.1", "198.51.100.7"

moments = st.integers(0, 40).map(lambda days: START + timedelta(days=days))
some = st.none() | moments
spans = st.none() | st.integers(1, 20).map(lambda days: timedelta(days=days))
networks = st.sampled_from([[], ["192.0.2.0/24"], ["192.0.2.0/24", "198.51.100.0/24"]])

policies = st.builds(
    Policy,
    lifetime=spans,
    idle_after=spans,
    requires_expiry=st.booleans(),
    requires_approval=st.booleans(),
    requires_second_factor=st.booleans(),
    allowed_networks=networks,
)
people = st.builds(User, id=st.just(1), is_active=st.sampled_from([True, True, False]), second_factor_at=some)
tokens = st.builds(
    Token,
    id=st.just(1),
    scope=st.just("tokens:read"),
    allowed_networks=networks,
    created_at=moments,
    expires_at=some,
    revoked_at=st.sampled_from([None, None, START]),
    stops_at=some,
    replaced_at=some,
    resumed_at=some,
    last_used_at=some,
    awaits_approval=st.booleans(),
)


@st.composite
def looked_up(draw: st.DrawFn) -> Token:
    token, policy = draw(tokens), draw(policies)
    token.owner = draw(people)
    if draw(st.booleans()):
        organization = Organization(id=1)
        organization._state.fields_cache["policy"] = policy
        seat = {"valid_until": draw(some), "deactivated_at": draw(st.sampled_from([None, None, START]))}
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


calls = st.lists(st.tuples(moments, st.sampled_from([HOME, OFFICE, ""]), st.booleans()), min_size=2, max_size=12)


@given(looked_up(), calls)
def test_what_is_remembered_never_decides_otherwise(token: Token, calls: list[tuple[datetime, str, bool]]) -> None:
    """Whatever the clock does between the calls, also backwards."""
    remembered = copy.copy(token)
    remembered.clearances = Clearances()

    for now, address, reads_me in calls:
        assert outcome(remembered, now, address, reads_me) == outcome(token, now, address, reads_me)


def test_a_good_token_is_asked_everything_only_once(alices_license: License, monkeypatch) -> None:
    token = issue(alices_license).token
    token.clearances = Clearances()
    now = token.created_at
    check(token, now=now, address=HOME)

    monkeypatch.setattr(Token, "state", None)
    check(token, now=now + timedelta(days=1), address=HOME)


def test_the_last_moment_of_an_expiry_is_a_moment_too_many(alices_license: License) -> None:
    token = issue(alices_license, expires_at=START + timedelta(days=10_000)).token
    assert token.expires_at
    token.clearances = Clearances()
    last = token.expires_at - timedelta(microseconds=1)

    assert outcome(token, token.created_at, HOME, False) == "let in"
    assert outcome(token, last, HOME, False) == "let in"
    assert outcome(token, token.expires_at, HOME, False) == "token_expired"
    assert next_turn(token, last) == token.expires_at
    assert next_turn(token, token.expires_at) == token.owner_seat_ends_at


def test_a_caller_with_many_addresses_fills_no_memory(alices_license: License) -> None:
    token = issue(alices_license).token
    token.clearances = Clearances()

    for number in range(100):
        check(token, now=token.created_at, address=f"2001:db8::{number:x}")

    assert len(token.clearances.spans) <= MOST_ADDRESSES
