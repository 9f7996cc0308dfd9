"""Allowed networks: where a token may be used from."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
MOST_NETWORKS = 50


class NetworkError(ValueError):
    """A line is no address and no range; the text says which line and why."""


def parse_lines(text: str) -> list[str]:
    """One address or range a line; canonical text in return. Host bits are cut off: `192.0.2.7/24` is a range."""
    networks: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            network = parse(line.strip())
        except ValueError:
            raise NetworkError(f"Line {number}: {line.strip()[:60]} is not a range. {reason(line.strip())}") from None
        if network not in networks:
            networks.append(network)
    if len(networks) > MOST_NETWORKS:
        raise NetworkError(f"At most {MOST_NETWORKS} ranges: these are {len(networks)}.")
    return networks


def parse(line: str) -> str:
    """Canonical text. A prefix is a number here: no masks, and no scope such as `%eth0`."""
    address, slash, prefix = line.partition("/")
    if "%" in address or (slash and not (prefix.isascii() and prefix.isdigit())):
        raise ValueError(line)
    return str(ip_network(line, strict=False))


def reason(line: str) -> str:
    address, _, prefix = line.partition("/")
    try:
        version = ip_address(address).version
    except ValueError:
        return "Write an address such as 203.0.113.7, or a range such as 203.0.113.0/24 or 2001:db8:40::/48."
    if "%" in address:
        return "Leave out the % and what follows it."
    if prefix.isascii() and prefix.isdigit():
        return f"An IPv{version} prefix is at most {32 if version == 4 else 128}."
    return "After the slash stands the length of the prefix, a number."


def are_within(inner: Iterable[str], outer: Iterable[str]) -> bool:
    """Whether who comes from one of the inner networks comes from one of the outer. No networks: all of them."""
    around = [ip_network(network) for network in outer]
    within = [ip_network(network) for network in inner]
    if not around:
        return True
    return bool(within) and all(any(encloses(wide, narrow) for wide in around) for narrow in within)


def encloses(wide: Network, narrow: Network) -> bool:
    return wide.version == narrow.version and narrow.subnet_of(wide)  # type: ignore[arg-type]


def contain(networks: Iterable[str], address: str) -> bool:
    """Whether the address lies in one of the networks. No networks: any address. No address: in none."""
    networks = list(networks)
    if not networks:
        return True
    if not address:
        return False
    caller = ip_address(address)
    return any(caller in ip_network(network) for network in networks)
