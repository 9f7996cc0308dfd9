"""Create API Token: the dialog over the list."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import Organization
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens.forms import OrganizationTokenForm
from tokens.lifecycle import AlreadyDone, Issued
from tokens.pages.organization.inventory import tokens_page


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
