"""Members and licenses."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts import seats
from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import License, Organization
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens.filters import MemberFilter
from tokens.racks import fill

MEMBERS_SHOWN = 25


@require_GET
@administrator_required
def members(request: PersonRequest, organization: Organization) -> HttpResponse:
    now = timezone.now()
    licenses = organization.licenses.select_related("user", "organization__policy").order_by(
        "user__name", "user__email", "pk"
    )
    filter = MemberFilter(request.GET)
    page = Paginator(filter.apply(licenses), MEMBERS_SHOWN).get_page(request.GET.get("page"))
    context = {
        "now": now,
        "organization": organization,
        "filter": filter,
        "page": page,
        "racks": fill(page, now, ended_shown=0),
        "license_count": licenses.count(),
        "section": "members",
    }
    return render(request, "organization/members.html", context)


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def deactivate(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    license = license_of(organization, pk)
    if request.method == "POST":
        try:
            seats.deactivate_license(license, actor=Actor.of(request))
            messages.success(request, f"{license.user} is deactivated. The tokens stopped at once.")
        except seats.SeatRefused as refused:
            messages.error(request, str(refused))
        return redirect("organization-members", organization.slug)
    (rack,) = fill([license], timezone.now(), ended_shown=0)
    return render(request, "organization/deactivate.html", {"organization": organization, "rack": rack})


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def reactivate(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    license = license_of(organization, pk)
    if request.method == "POST":
        seats.reactivate_license(license, actor=Actor.of(request))
        messages.success(request, f"{license.user} is back. Re-approve the tokens that are still needed.")
        return redirect("organization-members", organization.slug)
    return render(request, "organization/reactivate.html", {"organization": organization, "license": license})


def license_of(organization: Organization, pk: int) -> License:
    return get_object_or_404(organization.licenses.select_related("user", "organization__policy"), pk=pk)
