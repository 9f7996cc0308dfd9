"""API Token Management: one's own named tokens."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actor import Actor
from accounts.models import AuditEvent
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens import lifecycle
from tokens.forms import TokenEditForm
from tokens.lifecycle import ActRefused
from tokens.models import Token
from tokens.pages import feed
from tokens.racks import rack_of, racks_of

HISTORY_SHOWN = 20


def own_token(request: PersonRequest, pk: int) -> Token:
    return get_object_or_404(Token.objects.named().with_surroundings().filter(owner=request.user), pk=pk)


@require_GET
@login_required
def index(request: PersonRequest) -> HttpResponse:
    now = timezone.now()
    racks = racks_of(request.user, now)
    context = {"now": now, "racks": racks, "is_empty": not any(rack.tokens for rack in racks)}
    return render(request, "tokens/index.html", context)


@require_GET
@login_required
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    return render(request, "tokens/detail.html", detail_context(request, own_token(request, pk)))


def detail_context(request: PersonRequest, token: Token, *, governs: bool = False) -> dict[str, object]:
    now = timezone.now()
    events = AuditEvent.objects.filter(token_id=token.pk).select_related("actor", "subject").order_by("-pk")
    return {
        "now": now,
        "token": token,
        "state": token.state(now),
        "is_living": not (token.is_revoked or token.is_expired(now)),
        "is_reapprovable": token.is_reapprovable_by(request.user, now),
        "position": rack_of(token, now).position_of(token),
        "history": feed.entries(events[:HISTORY_SHOWN], reader=request.user, governs=governs),
    }


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    token = own_token(request, pk)
    form = TokenEditForm(request.POST or None, actor=Actor.of(request), token=token)
    if form.is_valid() and form.save():
        messages.success(request, f"{form.cleaned_data['name']} is saved.")
        return redirect(token)
    return render(request, "tokens/edit.html", {"form": form, "token": token})


@require_http_methods(["GET", "POST"])
@login_required
def revoke(request: PersonRequest, pk: int) -> HttpResponse:
    token = own_token(request, pk)
    if request.method == "POST":
        lifecycle.revoke(actor=Actor.of(request), token=token)
        messages.success(request, f"{token.name} is revoked. It stopped at once.")
        return redirect("tokens")
    return render(request, "tokens/revoke.html", {"token": token, "back": token.get_absolute_url()})


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def reapprove(request: PersonRequest, pk: int) -> HttpResponse:
    token = own_token(request, pk)
    if request.method == "POST":
        try:
            lifecycle.reapprove(actor=Actor.of(request), token=token)
            messages.success(request, f"{token.name} works again.")
        except ActRefused as refused:
            messages.error(request, str(refused))
        return redirect(token)
    return render(request, "tokens/reapprove.html", {"token": token, "back": token.get_absolute_url()})
