"""Where a token may be used from."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens import networks
from tokens.networks import MOST_NETWORKS, NetworkError


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", []),
        (" \n\n ", []),
        ("192.0.2.7", ["192.0.2.7/32"]),
        ("192.0.2.7/24", ["192.0.2.0/24"]),
        ("2001:DB8:40::/48", ["2001:db8:40::/48"]),
        ("  192.0.2.7\r\n\r\n2001:db8::1  ", ["192.0.2.7/32", "2001:db8::1/128"]),
        ("192.0.2.0/24\n192.0.2.9/24", ["192.0.2.0/24"]),
    ],
)
def test_what_is_typed_is_kept_in_canonical_form(typed: str, kept: list[str]) -> None:
    assert networks.parse_lines(typed) == kept


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("office", "Line 1: office is not a range. Write an address"),
        ("192.0.2.256", "Line 1: 192.0.2.256 is not a range. Write an address"),
        ("192.0.2.7\n\n192.0.2.0/33", "Line 3: 192.0.2.0/33 is not a range. An IPv4 prefix is at most 32."),
        ("2001:db8::/129", "Line 1: 2001:db8::/129 is not a range. An IPv6 prefix is at most 128."),
        ("192.0.2.0/x", "Line 1: 192.0.2.0/x is not a range. After the slash"),
        ("192.0.2.0/255.255.255.0", "Line 1: 192.0.2.0/255.255.255.0 is not a range. After the slash"),
        ("fe80::1%eth0", "Line 1: fe80::1%eth0 is not a range. Leave out the %"),
        ("192.0.2.0/", "Line 1: 192.0.2.0/ is not a range. After the slash"),
        ("192.0.2.1-192.0.2.9", "Line 1: 192.0.2.1-192.0.2.9 is not a range. Write an address"),
        ("192.0.2.1, 192.0.2.2", "Line 1: 192.0.2.1, 192.0.2.2 is not a range. Write an address"),
    ],
)
def test_a_line_that_is_no_range_is_refused_by_number_with_the_reason(typed: str, message: str) -> None:
    with pytest.raises(NetworkError) as refusal:
        networks.parse_lines(typed)

    assert str(refusal.value).startswith(message)


def test_a_long_line_is_cut_in_the_message() -> None:
    with pytest.raises(NetworkError) as refusal:
        networks.parse_lines("x" * 1000)

    assert "x" * 60 + " is" in str(refusal.value)
    assert "x" * 61 not in str(refusal.value)


def test_the_last_network_that_fits_is_kept_and_one_more_refused() -> None:
    most = [f"192.0.2.{number}/32" for number in range(MOST_NETWORKS)]

    assert networks.parse_lines("\n".join(most)) == most
    with pytest.raises(NetworkError, match="At most 50 ranges: these are 51"):
        networks.parse_lines("\n".join([*most, "198.51.100.1"]))


@pytest.mark.parametrize(
    ("allowed", "address", "contained"),
    [
        ([], "192.0.2.7", True),
        ([], "", True),
        (["192.0.2.0/24"], "192.0.2.0", True),
        (["192.0.2.0/24"], "192.0.2.255", True),
        (["192.0.2.0/24"], "192.0.3.0", False),
        (["192.0.2.0/24"], "", False),
        (["192.0.2.0/24", "2001:db8::/32"], "2001:db8::9", True),
        (["192.0.2.0/24"], "2001:db8::9", False),
        (["0.0.0.0/0"], "2001:db8::9", False),
        (["::/0"], "192.0.2.7", False),
    ],
)
def test_an_address_is_allowed_where_one_network_contains_it_or_none_is_named(
    allowed: list[str], address: str, contained: bool
) -> None:
    assert networks.contain(allowed, address) is contained


@given(st.ip_addresses(), st.integers(0, 32))
def test_a_range_that_was_typed_contains_the_address_it_was_typed_with(address, prefix: int) -> None:
    (kept,) = networks.parse_lines(f"{address}/{prefix}")

    assert networks.contain([kept], str(address))
    assert ip_network(kept).prefixlen == prefix
