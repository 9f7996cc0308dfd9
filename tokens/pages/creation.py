"""Generate New Token, and the one page that shows what came of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actor import Actor
from accounts.address import client_address
from accounts.models import License
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens import scopes
from tokens.format import Plaintext
from tokens.forms import EXPIRY_CHOICES, RotateForm, TokenForm, fault_of_day
from tokens.lifecycle import ActRefused, AlreadyDone, Issued
from tokens.models import Token
from tokens.pages.management import own_token
from tokens.racks import Rack, rack_of, racks_of

DAYS_OFFERED = 60


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def new(request: PersonRequest) -> HttpResponse:
    now = timezone.now()
    racks = racks_of(request.user, now)
    licenses = License.objects.filter(user=request.user).in_force(now)
    first = chosen_rack(racks)
    offered = {"license": first.license.pk if first else None, "expiry": offered_expiry(first)}
    form = TokenForm(
        request.POST or None,
        actor=Actor.of(request),
        licenses=licenses,
        initial=offered | prefilled(request.GET),
        held=prefilled_scopes(request.GET),
    )
    try:
        issued = form.save() if form.is_valid() else None
    except AlreadyDone as done:
        return redirect("token-created", done.token.pk)
    if issued:
        return created_page(request, issued.token, issued.plaintext)
    context = {
        "form": form,
        "racks": racks,
        "now": now,
        "next_rack": first,
        "today": timezone.localdate(),
        "current_address": client_address(request),
    }
    return render(request, "tokens/new.html", context)


def prefilled(query: QueryDict) -> dict[str, Any]:
    """What a link such as `?name=ci&scopes=account:read&expires=30d` puts into the form. Nonsense is left out."""
    filled: dict[str, Any] = {}
    name = query.get("name", "").strip()
    if name.isprintable() and 0 < len(name) <= 60:
        filled["name"] = name
    asked = query.get("expires", "")
    days = asked.removesuffix("d") if asked[:1].isdigit() else asked
    if days in dict(EXPIRY_CHOICES) and days != "custom":
        filled["expiry"] = days
    elif date := parse_day(asked):
        filled |= {"expiry": "custom", "expires_on": date.isoformat()}
    return filled


def prefilled_scopes(query: QueryDict) -> frozenset[str]:
    asked = query.get("scopes", "").replace(",", " ").split()
    return frozenset(scope for scope in asked if scopes.is_scope(scope))


def parse_day(text: str) -> date | None:
    """A date that the form would take."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and not fault_of_day(day) else None


def chosen_rack(racks: list[Rack]) -> Rack | None:
    """The first with a free hook is offered."""
    return next((rack for rack in racks if rack.is_usable), None)


def offered_expiry(rack: Rack | None) -> str:
    """Sixty days, or the longest choice that the policy of the offered license allows."""
    longest = rack.policy.lifetime_days if rack and rack.policy and rack.policy.lifetime_days else DAYS_OFFERED
    days = [value for value, _ in EXPIRY_CHOICES if value.isdigit() and int(value) <= min(longest, DAYS_OFFERED)]
    return max(days, key=int, default="custom")


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def rotate(request: PersonRequest, pk: int) -> HttpResponse:
    """The form stands on the token's own page; what comes of it is shown like any new token."""
    token = own_token(request, pk)
    outcome = rotated(request, token, back=token.get_absolute_url())
    if isinstance(outcome, HttpResponse):
        return outcome
    if isinstance(outcome, Token):
        return redirect("token-created", outcome.pk)
    return created_page(request, outcome.token, outcome.plaintext)


def rotated(request: PersonRequest, token: Token, *, back: str) -> Issued | Token | HttpResponse:
    """What the form made, or the token that it made when it was sent before, or the way back."""
    form = RotateForm(request.POST or None)
    if not form.is_valid():
        return redirect(f"{back}#rotate")
    try:
        return form.save(actor=Actor.of(request), token=token)
    except AlreadyDone as done:
        return done.token
    except ActRefused as refused:
        messages.error(request, str(refused))
        return redirect(back)


@require_GET
@login_required
def created(request: PersonRequest, pk: int) -> HttpResponse:
    """What a reload or the back button finds: the same page without the secret."""
    return created_page(request, own_token(request, pk))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new token is shown: its page without the secret, the list behind it, where the first call is awaited."""

    address: str
    list: str
    title: str
    first_call: str = ""


def own_place(token: Token) -> Place:
    return Place(
        address=reverse("token-created", args=[token.pk]),
        list=reverse("tokens"),
        title="API Token Management",
        first_call=reverse("token-first-call", args=[token.pk]),
    )


def created_page(
    request: PersonRequest, token: Token, plaintext: Plaintext | None = None, *, place: Place | None = None
) -> HttpResponse:
    rack = rack_of(token, timezone.now())
    example = "api:read_me" if token.allows("account:read") else "api:read_self"
    context = {
        "token": token,
        "place": place or own_place(token),
        "plaintext": plaintext,
        "rack": rack,
        "position": rack.position_of(token),
        "example_url": settings.SITE_URL + reverse(example),
        "api_url": settings.SITE_URL,
        "api_prefix": settings.API_PATH_PREFIX,
        "reads_account": token.allows("account:read"),
    }
    return render(request, "tokens/created.html", context)


@require_GET
@login_required
def first_call(request: PersonRequest, pk: int) -> HttpResponse:
    """204 until the token was used, then the fragment that says so."""
    token = own_token(request, pk)
    if token.first_used_at is None:
        return HttpResponse(status=204)
    return render(request, "tokens/_first_call_done.html", {"token": token})
