"""Members and licenses: the list, and the page of one license."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import License, Organization
from accounts.recency import ask_for_sign_in
from accounts.requests import PersonRequest
from config.choice import along
from config.keyset import count_of, page_of
from tokens.filters import MemberFilter, order_of
from tokens.forms import LicenseForm
from tokens.pages.organization.invitations import waiting_invitations
from tokens.racks import fill

MEMBERS_SHOWN = 25


@require_GET
@administrator_required
def members(request: PersonRequest, organization: Organization) -> HttpResponse:
    now = timezone.now()
    filter, licenses = MemberFilter(request.GET), License.objects.of_organization(organization)
    found = filter.apply(organization)
    rows = found.rows.select_related("user", "organization__policy")
    order = order_of(found)
    page = page_of(rows, request.GET, order=order, size=MEMBERS_SHOWN, count=found.count, asked=found.asked)
    context = {
        "now": now,
        "organization": organization,
        "filter": filter,
        "page": page,
        "racks": fill(page, now, ended_shown=0),
        "license_count": count_of(along("license_kept", licenses.kept())),
        "taken_count": count_of(along("license_taken", licenses.taken())),
        "invitations": waiting_invitations(organization, now),
        "section": "members",
    }
    return render(request, "organization/members.html", context)


@require_http_methods(["GET", "POST"])
@administrator_required
def member(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    """To look at without a recent sign-in, to change with one."""
    license = license_of(organization, pk)
    form = LicenseForm(request.POST or None, actor=Actor.of(request), license=license)
    if request.method == "POST":
        ask_for_sign_in(request)
        if form.is_valid() and form.save():
            messages.success(request, f"The license of {license.user} is saved.")
            return redirect("organization-member", organization.slug, license.pk)
    (rack,) = fill([license_of(organization, pk)], timezone.now(), ended_shown=0)
    context = {"organization": organization, "form": form, "rack": rack, "section": "members"}
    return render(request, "organization/member.html", context)


def license_of(organization: Organization, pk: int) -> License:
    return get_object_or_404(organization.licenses.select_related("user", "organization__policy"), pk=pk)
