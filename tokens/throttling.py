"""How often a token may call, and how often an address may come with a credential that is not good."""

from django.conf import settings
from limits import RateLimitItemPerMinute

from accounts.address import household
from config.limiter import limiter, seconds_left
from tokens import refusals
from tokens.models import Token
from tokens.refusals import Refused


def count_call(token: Token) -> None:
    spend(RateLimitItemPerMinute(settings.API_CALLS_PER_MINUTE), "token", str(token.pk), token=token)


def count_refusal(address: str) -> None:
    spend(RateLimitItemPerMinute(settings.API_REFUSALS_PER_MINUTE), "address", household(address))


def count_open_call(address: str) -> None:
    """What anybody may do without a credential, an address as often as it may come with bad ones."""
    spend(RateLimitItemPerMinute(settings.API_REFUSALS_PER_MINUTE), "open", household(address))


def spend(item: RateLimitItemPerMinute, kind: str, key: str, *, token: Token | None = None) -> None:
    if not limiter.hit(item, kind, key):
        raise Refused(refusals.RATE_LIMITED, token=token, retry_after=seconds_left(item, kind, key))
