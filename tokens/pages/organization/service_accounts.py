"""Create service account."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import Organization
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens.forms import ServiceAccountForm


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def create(request: PersonRequest, organization: Organization) -> HttpResponse:
    form = ServiceAccountForm(request.POST or None, actor=Actor.of(request), organization=organization)
    license = form.save() if form.is_valid() else None
    if license:
        messages.success(request, f"{license.user} is created, with {license.allowance} hooks.")
        return redirect("organization-member", organization.slug, license.pk)
    return render(request, "organization/service_account.html", {"organization": organization, "form": form})
