"""How often a token may call, an address may come with bad credentials, and a person may make tokens."""

from accounts.address import household
from accounts.models import User
from config.limiter import HOUR, MINUTE, Rate, Window, limiter
from config.quick import settings
from tokens import refusals
from tokens.models import Token
from tokens.recent import Recent
from tokens.refusals import Refused

CALLS_WINDOW_SECONDS = MINUTE

recently_met: Recent[bytes, bool] = Recent(most=50_000)


def count_call(token: Token, *, is_good: bool = True) -> Window:
    """Also of a token that is refused, but then apart: a thief with the former text must not use up the new one's."""
    recently_met[bytes(token.digest)] = True
    bucket = token.bucket if is_good else f"refused {token.pk}"
    return limiter.spend(per_minute(settings.API_CALLS_PER_MINUTE), "token", bucket)


def count_refusal(address: str) -> None:
    refuse_spent(limiter.spend(per_minute(settings.API_REFUSALS_PER_MINUTE), "address", household(address)))


def refuse_flood(address: str, digests: list[bytes]) -> None:
    """Asked before the query: who has used up the refusals of their address learns nothing more, and costs nothing.

    Tokens in use go on, for the program that uses them may share its address with whoever floods us. So do all from
    an address that is not known: it is everybody's.
    """
    if not address or any(map(recently_met.__contains__, digests)):
        return
    window = limiter.look(per_minute(settings.API_REFUSALS_PER_MINUTE), "address", household(address))
    if not window.remaining:
        raise Refused(refusals.RATE_LIMITED, retry_after=window.seconds_left)


def refuse_spent(window: Window, token: Token | None = None) -> None:
    if not window.is_kept:
        raise Refused(refusals.RATE_LIMITED, token=token, retry_after=window.seconds_left)


def count_issue(user: User) -> Window:
    return limiter.spend(Rate(settings.TOKEN_ISSUES_PER_HOUR, HOUR), "issue", str(user.pk))


def per_minute(amount: int) -> Rate:
    return Rate(amount, MINUTE)


def count_open_call(address: str) -> None:
    """What anybody may do without a credential, an address as often as it may come with bad ones."""
    refuse_spent(limiter.spend(per_minute(settings.API_REFUSALS_PER_MINUTE), "open", household(address)))
