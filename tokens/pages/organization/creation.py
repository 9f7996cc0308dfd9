"""Create API Token, the dialog over the list; and what administrators do to tokens of service accounts besides."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import Organization
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens.forms import OrganizationTokenForm
from tokens.lifecycle import AlreadyDone, Issued
from tokens.models import Token
from tokens.pages.creation import Place, created_page, rotated
from tokens.pages.management import edit_page, resumed
from tokens.pages.organization.inventory import tokens_page
from tokens.pages.organization.token import token_of


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def create_token(request: PersonRequest, organization: Organization) -> HttpResponse:
    """The dialog: Token Name, Create, and the token shown once in it; for oneself or for a service account."""
    form = OrganizationTokenForm(request.POST or None, actor=Actor.of(request), organization=organization)
    try:
        issued: Issued | None = form.save() if form.is_valid() else None
    except AlreadyDone:
        return redirect(organization)
    return tokens_page(request, organization, form=form, license=form.own, issued=issued, is_dialog_open=True)


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def edit(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    token = service_token_of(organization, pk)
    return edit_page(request, token, back=address_of(organization, token))


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def rotate(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    """What comes of it is shown once, like any new token; a reload finds the successor's own page."""
    token = service_token_of(organization, pk)
    here = address_of(organization, token)
    outcome = rotated(request, token, back=here)
    if isinstance(outcome, HttpResponse):
        return outcome
    if isinstance(outcome, Token):
        return redirect(address_of(organization, outcome))
    place = Place(
        address=address_of(organization, outcome.token), list=organization.get_absolute_url(), title="API Tokens"
    )
    return created_page(request, outcome.token, outcome.plaintext, place=place)


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def resume(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    token = service_token_of(organization, pk)
    return resumed(request, token, back=address_of(organization, token))


def service_token_of(organization: Organization, pk: int) -> Token:
    """Those of people are theirs to edit and to rotate."""
    token = token_of(organization, pk)
    if not token.owner.is_service_account:
        raise Http404
    return token


def address_of(organization: Organization, token: Token) -> str:
    return reverse("organization-token", args=[organization.slug, token.pk])
