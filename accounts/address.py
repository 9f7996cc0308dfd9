"""The one place that says which address a request comes from."""

import functools
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.http import HttpRequest

from config.quick import settings

COMPATIBLE = IPv6Network("::/96")


def client_address(request: HttpRequest) -> str:
    """The caller's address in canonical form, or "" where there is none (a socket file without a proxy).

    Exactly TRUSTED_PROXY_COUNT proxies are believed: each appends the address it was called from to
    X-Forwarded-For, so the n-th entry from the right is the one that the outermost of them saw.
    What stands further left was written by the caller.
    """
    meta = request.META
    proxies = settings.TRUSTED_PROXY_COUNT
    if not proxies:
        return canonical(meta.get("REMOTE_ADDR", ""))
    header = meta.get("HTTP_X_FORWARDED_FOR", "")
    forwarded = header.split(",") if header else []
    if len(forwarded) < proxies:
        return canonical(meta.get("REMOTE_ADDR", ""))
    return canonical(forwarded[-proxies].strip())


def address_to_store(request: HttpRequest) -> str:
    """For django-allauth's columns, which take no empty address."""
    return client_address(request) or "0.0.0.0"  # noqa: S104 - stands for "unknown", nothing listens there


@functools.lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """`::ffff:192.0.2.1` and `192.0.2.1` are one address; what is no address becomes "".

    So does `::192.0.2.1`, which nobody calls from (RFC 4291, 2.5.5.1): two databases write it in two ways, and the
    text is signed in the audit log.
    """
    try:
        address = ip_address(text.removeprefix("[").partition("]")[0] if text.startswith("[") else text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        if address in COMPATIBLE and int(address) >= 1 << 16:
            return ""
        return str(address.ipv4_mapped or IPv6Address(int(address)))  # the second drops a scope such as %eth0
    return str(address)


def household(address: str) -> str:
    """What is counted together: an IPv6 caller commands a whole /64."""
    return str(IPv6Network(f"{address}/64", strict=False)) if ":" in address else address
