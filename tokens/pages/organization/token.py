"""One token of the organization, as its administrators see it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import Organization
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens import lifecycle
from tokens.forms import ReapproveForm, ReasonForm, RevokeForm
from tokens.lifecycle import ActRefused
from tokens.models import Token
from tokens.pages.management import consequence_of_revoking, detail_context


def token_of(organization: Organization, pk: int) -> Token:
    tokens = Token.objects.of_organization(organization).with_surroundings().select_related("revoked_by")
    return get_object_or_404(tokens, pk=pk)


@require_GET
@administrator_required
def detail(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    context = detail_context(request, token_of(organization, pk), governs=True)
    context |= {"organization": organization, "section": "tokens", "reason_form": RevokeForm()}
    return render(request, "organization/token.html", context)


@require_http_methods(["GET", "POST"])
@administrator_required
def revoke(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    token = token_of(organization, pk)
    form = RevokeForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return question(request, organization, "tokens/revoke.html", token, form)
    form.save(actor=Actor.of(request), token=token)
    messages.success(request, f"{token.name} is revoked. It stopped at once.")
    return redirect(organization)


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def reapprove(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    token = token_of(organization, pk)
    form = ReapproveForm(request.POST if request.method == "POST" else None, is_required=True)
    if not form.is_valid():
        return question(request, organization, "tokens/reapprove.html", token, form)
    try:
        form.save(actor=Actor.of(request), token=token)
        messages.success(request, f"{token.name} works again.")
    except ActRefused as refused:
        messages.error(request, f"{token.name}: {refused}")
    return redirect(organization)


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def approve(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    token = token_of(organization, pk)
    here = reverse("organization-token", args=[organization.slug, pk])
    if request.method != "POST":
        return render(request, "tokens/approve.html", {"token": token, "back": here, "organization": organization})
    try:
        lifecycle.approve(actor=Actor.of(request), token=token, seen=request.POST.get("seen", ""))
        messages.success(request, f"{token.name} is approved.")
    except ActRefused as refused:
        messages.error(request, f"{token.name}: {refused}")
    return redirect(here)


def question(
    request: PersonRequest, organization: Organization, template: str, token: Token, form: ReasonForm
) -> HttpResponse:
    context = {"token": token, "form": form, "consequence": consequence_of_revoking(token)}
    return render(request, template, context | {"organization": organization, "back": organization.get_absolute_url()})
