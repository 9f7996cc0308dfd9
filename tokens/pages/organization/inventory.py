"""API Tokens: every token of the organization, and Create API Token."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import Organization
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from config.keyset import count_of, page_of
from tokens import lifecycle
from tokens.filters import TokenFilter
from tokens.forms import OrganizationTokenForm
from tokens.lifecycle import ActRefused, AlreadyDone, Issued
from tokens.models import Token
from tokens.pages.management import consequence_of_revoking, detail_context

TOKENS_SHOWN = 25


@require_GET
@administrator_required
def tokens(request: PersonRequest, organization: Organization) -> HttpResponse:
    return tokens_page(request, organization)


def tokens_page(request: PersonRequest, organization: Organization, **dialog: Any) -> HttpResponse:
    """The list, and over it the dialog that `dialog` fills, if one is open."""
    filter = TokenFilter(request.GET, organization=organization)
    now = timezone.now()
    found = filter.apply(now).select_related("owner", "license__organization", "revoked_by")
    context = {
        "now": now,
        "organization": organization,
        "filter": filter,
        "page": page_of(found, request.GET, order=filter.order, size=TOKENS_SHOWN),
        "token_count": count_of(Token.objects.of_organization(organization)),
        "license_count": organization.licenses.count(),
        "section": "tokens",
    }
    return render(request, "organization/tokens.html", context | dialog)


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def create_token(request: PersonRequest, organization: Organization) -> HttpResponse:
    """The dialog: Token Name, Create, and the token shown once in it. It hangs on the administrator's own license."""
    license = organization.licenses.get(user=request.user)
    form = OrganizationTokenForm(request.POST or None, actor=Actor.of(request), license=license)
    try:
        issued: Issued | None = form.save() if form.is_valid() else None
    except AlreadyDone:
        return redirect(organization)
    return tokens_page(request, organization, form=form, license=license, issued=issued, is_dialog_open=True)


def token_of(organization: Organization, pk: int) -> Token:
    return get_object_or_404(Token.objects.of_organization(organization).with_surroundings(), pk=pk)


@require_GET
@administrator_required
def token(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    context = detail_context(request, token_of(organization, pk), governs=True)
    return render(request, "organization/token.html", context | {"organization": organization, "section": "tokens"})


@require_http_methods(["GET", "POST"])
@administrator_required
def revoke(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    token = token_of(organization, pk)
    if request.method == "POST":
        lifecycle.revoke(actor=Actor.of(request), token=token)
        messages.success(request, f"{token.name} is revoked. It stopped at once.")
        return redirect(organization)
    return confirm(request, organization, "tokens/revoke.html", token)


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def reapprove(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    token = token_of(organization, pk)
    if request.method == "POST":
        try:
            lifecycle.reapprove(actor=Actor.of(request), token=token)
            messages.success(request, f"{token.name} works again.")
        except ActRefused as refused:
            messages.error(request, f"{token.name}: {refused}")
        return redirect(organization)
    return confirm(request, organization, "tokens/reapprove.html", token)


def confirm(request: PersonRequest, organization: Organization, template: str, token: Token) -> HttpResponse:
    back = organization.get_absolute_url()
    context = {"token": token, "back": back, "consequence": consequence_of_revoking(token)}
    return render(request, template, context | {"organization": organization})
