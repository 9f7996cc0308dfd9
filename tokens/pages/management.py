"""API Token Management: one's own named tokens."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actor import Actor
from accounts.models import AuditEvent
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens import feed, lifecycle
from tokens.attention import RULES, RULES_BY_NAME
from tokens.charts import DAYS_SHOWN, chart_of, charts_of
from tokens.forms import ReapproveForm, RotateForm, TokenEditForm
from tokens.lifecycle import ActRefused
from tokens.models import Token
from tokens.racks import rack_of, racks_of
from tokens.refusals import TITLES

HISTORY_SHOWN = 20


def own_token(request: PersonRequest, pk: int) -> Token:
    own = Token.objects.named().with_surroundings().select_related("revoked_by").filter(owner=request.user)
    return get_object_or_404(own, pk=pk)


@require_GET
@login_required
def index(request: PersonRequest) -> HttpResponse:
    now = timezone.now()
    racks = racks_of(request.user, now)
    rule = RULES_BY_NAME.get(request.GET.get("needs", ""))
    own = Token.objects.named().filter(owner=request.user)
    if rule:
        chosen = set(rule.choose(own, now).values_list("pk", flat=True))
        racks = [rack.only(chosen) for rack in racks]
    context = {
        "now": now,
        "racks": racks,
        "rules": RULES,
        "rule": rule,
        "imported": sum(len(rack.imported) for rack in racks),
        "charts": charts_of([token for rack in racks for token in rack.tokens], now.date()),
        "is_empty": not rule and not any(rack.tokens for rack in racks),
    }
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
        "breach": token.block(now),
        "consequence": consequence_of_revoking(token),
        "is_living": not token.has_ended(now),
        "chart": chart_of([token], now.date()),
        "addresses": token.addresses.order_by("-last_at"),
        "refusals": refusals_of(token, now.date()),
        "successor": token.successors.order_by("-pk").first(),
        "rotate_form": RotateForm(),
        "is_reapprovable": token.is_reapprovable_by(request.user, now),
        "position": rack_of(token, now).position_of(token),
        "history": feed.entries(events[:HISTORY_SHOWN], reader=request.user, governs=governs),
    }


def consequence_of_revoking(token: Token) -> str:
    if token.is_replaced:
        return "Calls with this token are refused from now on, for good. Its successor works on."
    return "Calls with this token are refused at once, and its hook is free. It can be re-approved until it expires."


def refusals_of(token: Token, today: date) -> list[dict[str, Any]]:
    """The reasons of the last thirty days, each with its count, and when and where the last one came from."""
    rows = token.refusal_days.filter(day__gt=today - timedelta(days=DAYS_SHOWN)).order_by("-last_at")
    reasons: dict[str, dict[str, Any]] = {}
    for row in rows:
        reason = reasons.setdefault(
            row.code, {"code": row.code, "title": TITLES.get(row.code, row.code), "last": row, "calls": 0}
        )
        reason["calls"] += row.calls
    return list(reasons.values())


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    token = own_token(request, pk)
    return edit_page(request, token, back=token.get_absolute_url())


def edit_page(request: PersonRequest, token: Token, *, back: str) -> HttpResponse:
    form = TokenEditForm(request.POST or None, actor=Actor.of(request), token=token)
    if form.is_valid() and form.save():
        messages.success(request, f"{form.cleaned_data['name']} is saved.")
        return redirect(back)
    return render(request, "tokens/edit.html", {"form": form, "token": token, "back": back})


@require_http_methods(["GET", "POST"])
@login_required
def revoke(request: PersonRequest, pk: int) -> HttpResponse:
    token = own_token(request, pk)
    if request.method == "POST":
        lifecycle.revoke(actor=Actor.of(request), token=token)
        messages.success(request, f"{token.name} is revoked. It stopped at once.")
        return redirect("tokens")
    context = {"token": token, "back": token.get_absolute_url(), "consequence": consequence_of_revoking(token)}
    return render(request, "tokens/revoke.html", context)


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def reapprove(request: PersonRequest, pk: int) -> HttpResponse:
    token = own_token(request, pk)
    form = ReapproveForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"token": token, "form": form, "back": token.get_absolute_url()}
        return render(request, "tokens/reapprove.html", context)
    try:
        form.save(actor=Actor.of(request), token=token)
        messages.success(request, f"{token.name} works again.")
    except ActRefused as refused:
        messages.error(request, str(refused))
    return redirect(token)


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def resume(request: PersonRequest, pk: int) -> HttpResponse:
    return resumed(request, own_token(request, pk), back=reverse("token-detail", args=[pk]))


def resumed(request: PersonRequest, token: Token, *, back: str) -> HttpResponse:
    if request.method == "POST":
        try:
            lifecycle.resume(actor=Actor.of(request), token=token)
            messages.success(request, f"{token.name} works again.")
        except ActRefused as refused:
            messages.error(request, str(refused))
    return redirect(back)
