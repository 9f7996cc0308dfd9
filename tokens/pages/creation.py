"""Generate New Token, and the one page that shows what came of it."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actor import Actor
from accounts.models import License
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens.format import Plaintext
from tokens.forms import TokenForm
from tokens.lifecycle import AlreadyDone
from tokens.models import Token
from tokens.pages.management import own_token
from tokens.racks import Rack, rack_of, racks_of


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def new(request: PersonRequest) -> HttpResponse:
    now = timezone.now()
    racks = racks_of(request.user, now)
    licenses = License.objects.filter(user=request.user).in_force(now)
    first = chosen_rack(racks)
    form = TokenForm(
        request.POST or None,
        actor=Actor.of(request),
        licenses=licenses,
        initial={"license": first.license.pk if first else None},
    )
    try:
        issued = form.save() if form.is_valid() else None
    except AlreadyDone as done:
        return redirect("token-created", done.token.pk)
    if issued:
        return created_page(request, issued.token, issued.plaintext)
    context = {"form": form, "racks": racks, "now": now, "next_rack": first, "today": timezone.localdate()}
    return render(request, "tokens/new.html", context)


def chosen_rack(racks: list[Rack]) -> Rack | None:
    """The first with a free hook is offered."""
    return next((rack for rack in racks if rack.is_usable), None)


@require_GET
@login_required
def created(request: PersonRequest, pk: int) -> HttpResponse:
    """What a reload or the back button finds: the same page without the secret."""
    return created_page(request, own_token(request, pk))


def created_page(request: PersonRequest, token: Token, plaintext: Plaintext | None = None) -> HttpResponse:
    rack = rack_of(token, timezone.now())
    example = "api:read_me" if token.allows("account:read") else "api:read_self"
    context = {
        "token": token,
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
