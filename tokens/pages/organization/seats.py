"""Deactivate, Reactivate and Withdraw: each a question, and the deed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import seats
from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import Organization
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from accounts.seats import SeatRefused
from tokens.pages.organization.members import license_of
from tokens.racks import fill


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def deactivate(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    license = license_of(organization, pk)
    if request.method == "POST":
        try:
            seats.deactivate_license(license, actor=Actor.of(request))
            messages.success(request, f"{license.user} is deactivated. The tokens stopped at once.")
        except SeatRefused as refused:
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
        try:
            seats.reactivate_license(license, actor=Actor.of(request))
            messages.success(request, f"{license.user} is back. Re-approve the tokens that are still needed.")
        except SeatRefused as refused:
            messages.error(request, str(refused))
        return redirect("organization-members", organization.slug)
    return render(request, "organization/reactivate.html", {"organization": organization, "license": license})


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def withdraw(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    license = license_of(organization, pk)
    if request.method == "POST":
        try:
            seats.withdraw_license(license, actor=Actor.of(request))
            messages.success(request, f"The license of {license.user} is withdrawn. Its tokens stopped at once.")
        except SeatRefused as refused:
            messages.error(request, str(refused))
        return redirect("organization-members", organization.slug)
    (rack,) = fill([license], timezone.now(), ended_shown=0)
    return render(request, "organization/withdraw.html", {"organization": organization, "rack": rack})
