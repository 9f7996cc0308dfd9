"""Which address a request comes from, with and without proxies."""

import pytest
from django.test import RequestFactory

from accounts.actor import LONGEST_USER_AGENT, Actor
from accounts.address import canonical, client_address
from accounts.models import User

PROXY = "10.0.0.1"


def address_of(forwarded: str | None, peer: str = PROXY) -> str:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        # Nobody is believed.
        (0, None, PROXY),
        (0, "203.0.113.9", PROXY),
        # The only proxy says whom it saw; what stands left of it was written by the caller.
        (1, "192.0.2.7", "192.0.2.7"),
        (1, "203.0.113.9, 192.0.2.7", "192.0.2.7"),
        (1, "203.0.113.9, 10.9.9.9, 192.0.2.7", "192.0.2.7"),
        (1, "garbage, 192.0.2.7", "192.0.2.7"),
        # The outer of two proxies saw the caller, the inner saw the outer.
        (2, "192.0.2.7, 10.0.0.2", "192.0.2.7"),
        (2, "203.0.113.9, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        # Written loosely, read the same.
        (1, "192.0.2.7 ", "192.0.2.7"),
        (2, "192.0.2.7,10.0.0.2", "192.0.2.7"),
        (1, "::ffff:192.0.2.7", "192.0.2.7"),
        (1, "2001:DB8:0::7", "2001:db8::7"),
        (1, "[2001:db8::7]:443", "2001:db8::7"),
        # What is no address is none, and never the next best.
        (1, "unknown", ""),
        (1, "192.0.2.7, garbage", ""),
        (1, "192.0.2.7, ", ""),
    ],
)
def test_exactly_the_trusted_proxies_are_believed(settings, proxies: int, forwarded: str | None, address: str) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies

    assert address_of(forwarded) == address


@pytest.mark.parametrize(
    ("proxies", "forwarded"), [(1, None), (2, None), (2, "203.0.113.9"), (3, "203.0.113.9, 10.0.0.2")]
)
def test_a_request_that_passed_fewer_proxies_than_trusted_has_the_address_of_its_peer(
    settings, proxies: int, forwarded: str | None
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies

    assert address_of(forwarded, peer="192.0.2.200") == "192.0.2.200"


def test_a_socket_file_has_no_address() -> None:
    assert address_of(None, peer="") == ""


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"),
        ("2001:0db8:0000::0001", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[::1]", "::1"),
        ("::192.0.2.1", ""),
        ("::1:0", ""),
        ("192.0.2.256", ""),
        ("192.0.2", ""),
        ("192.0.2.01", ""),
        ("1", ""),
        ("192.0.2.0/24", ""),
        ("192.0.2.1\x00", ""),
        ("[", ""),
        ("", ""),
    ],
)
def test_one_address_has_one_text(text: str, address: str) -> None:
    assert canonical(text) == address


def test_an_actor_is_the_person_the_address_and_the_program_of_a_request(alice: User) -> None:
    request = RequestFactory().get("/", headers={"User-Agent": "curl/8"}, REMOTE_ADDR="192.0.2.7")
    request.user = alice

    assert Actor.of(request) == Actor(alice, "192.0.2.7", "curl/8")


def test_the_name_of_a_program_is_cut_and_loses_what_cannot_be_printed(alice: User) -> None:
    request = RequestFactory().get("/", headers={"User-Agent": "a\x00\x1b" + "x" * 500}, REMOTE_ADDR="")

    actor = Actor.of(request, alice)

    assert actor.user_agent == "a" + "x" * (LONGEST_USER_AGENT - 1)
    assert actor.address is None
