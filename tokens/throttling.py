"""How often a token may call, and how often an address may come with a credential that is not good."""

import time
from ipaddress import IPv6Network

from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from tokens import refusals
from tokens.models import Token
from tokens.refusals import Refused

limiter = FixedWindowRateLimiter(MemoryStorage())


def count_call(token: Token) -> None:
    spend(RateLimitItemPerMinute(settings.API_CALLS_PER_MINUTE), "token", str(token.pk), token=token)


def count_refusal(address: str) -> None:
    spend(RateLimitItemPerMinute(settings.API_REFUSALS_PER_MINUTE), "address", household(address))


def household(address: str) -> str:
    """An IPv6 caller commands a whole /64, so that is what is counted."""
    return str(IPv6Network(f"{address}/64", strict=False)) if ":" in address else address


def spend(item: RateLimitItemPerMinute, kind: str, key: str, *, token: Token | None = None) -> None:
    if not limiter.hit(item, kind, key):
        reset_at = limiter.get_window_stats(item, kind, key).reset_time
        raise Refused(refusals.RATE_LIMITED, token=token, retry_after=max(1, round(reset_at - time.time())))
