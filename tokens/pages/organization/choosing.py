"""The way into the Admin area."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.guards import administrator_required
from accounts.models import Organization
from accounts.requests import PersonRequest
from config.context import administered


@require_GET
@login_required
def choose(request: PersonRequest) -> HttpResponse:
    """Straight to the only organization, or a choice."""
    organizations = administered(request)
    if not organizations:
        raise Http404
    if len(organizations) == 1:
        return redirect(organizations[0])
    return render(request, "organization/choose.html", {"organizations": organizations})


@require_GET
@administrator_required
def home(request: PersonRequest, organization: Organization) -> HttpResponse:
    return redirect(organization)
