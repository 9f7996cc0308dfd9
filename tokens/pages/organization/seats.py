"""Deactivate, Reactivate and Withdraw: each a question, and the deed."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import seats
from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import License, Organization
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
        return done(
            request, seats.deactivate_license, license, f"{license.user} is deactivated. The tokens stopped at once."
        )
    (rack,) = fill([license], timezone.now(), ended_shown=0)
    return render(request, "organization/deactivate.html", {"organization": organization, "rack": rack})


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def reactivate(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    license = license_of(organization, pk)
    if request.method == "POST":
        return done(
            request,
            seats.reactivate_license,
            license,
            f"{license.user} is back. Re-approve the tokens that are still needed.",
        )
    return render(request, "organization/reactivate.html", {"organization": organization, "license": license})


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def withdraw(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    license = license_of(organization, pk)
    if request.method == "POST":
        return done(
            request,
            seats.withdraw_license,
            license,
            f"The license of {license.user} is withdrawn. Its tokens stopped at once.",
        )
    (rack,) = fill([license], timezone.now(), ended_shown=0)
    return render(request, "organization/withdraw.html", {"organization": organization, "rack": rack})


def done(request: PersonRequest, act: Callable[..., None], license: License, said: str) -> HttpResponse:
    """Back to the list, with what came of it in words."""
    try:
        act(license, actor=Actor.of(request))
        messages.success(request, said)
    except SeatRefused as refused:
        messages.error(request, str(refused))
    assert license.organization is not None  # noqa: S101 - it was found among an organization's
    return redirect("organization-members", license.organization.slug)
