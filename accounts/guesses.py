"""How often a password may be wrong: for an address of the net, and for an account.

Made-up accounts are counted like real ones. A browser that has signed in to the account before is counted apart from
everybody else's guesses at it, so that its owner is never locked out by them.
"""

import math
from http import HTTPStatus

from allauth.core.exceptions import ImmediateHttpResponse
from django.http import HttpRequest
from django.shortcuts import render

from accounts import devices
from accounts.address import client_address, household
from config.limiter import MINUTE, Rate, limiter, seconds_left

BY_ADDRESS = Rate(20, MINUTE)
BY_ACCOUNT = Rate(10, 5 * MINUTE)

Count = tuple[Rate, str, str]


def counts(request: HttpRequest, email: str) -> list[Count]:
    device = devices.known_as(request, email)
    account = f"browser {device}" if device else f"account {devices.mark_of(email)}"
    return [(BY_ADDRESS, "guess", household(client_address(request))), (BY_ACCOUNT, "guess", account)]


def check(request: HttpRequest, email: str) -> None:
    """Stop with the page that says how long to wait, where one of the counts is used up."""
    spent = [count for count in counts(request, email) if not limiter.test(*count)]
    if spent:
        wait = max(seconds_left(*count) for count in spent)
        page = render(request, "429.html", {"minutes": math.ceil(wait / 60)}, status=HTTPStatus.TOO_MANY_REQUESTS)
        page.headers["Retry-After"] = str(wait)
        raise ImmediateHttpResponse(page)


def count_wrong(request: HttpRequest, email: str) -> None:
    for count in counts(request, email):
        limiter.hit(*count)
