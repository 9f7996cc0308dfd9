"""Invite member, and what becomes of an open invitation."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts import invitations
from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import Invitation, Organization
from accounts.models.invitation import InvitationQuerySet
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from accounts.seats import SeatRefused
from tokens.forms import InviteForm


def waiting_invitations(organization: Organization, now: datetime) -> list[tuple[Invitation, bool]]:
    """Each with the word whether it has expired. There are never more than a hundred."""
    waiting = waiting_of(organization).vouched_for().select_related("invited_by").order_by("-pk")
    return [(invitation, invitation.has_expired(now)) for invitation in waiting]


def waiting_of(organization: Organization) -> InvitationQuerySet:
    return Invitation.objects.waiting_in(organization)


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def invite(request: PersonRequest, organization: Organization) -> HttpResponse:
    name = organization.licenses.get(user=request.user).name
    form = InviteForm(request.POST or None, actor=Actor.of(request), organization=organization, initial={"name": name})
    invitation = form.save() if form.is_valid() else None
    if invitation:
        tell(request, invitation)
        return redirect("organization-members", organization.slug)
    return render(request, "organization/invite.html", {"organization": organization, "form": form})


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def resend(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    invitation = get_object_or_404(waiting_of(organization).select_related("organization"), pk=pk)
    if request.method == "POST":
        try:
            tell(request, invitations.resend(invitation, actor=Actor.of(request)))
        except invitations.NotOpen:
            messages.error(request, "This invitation is not open any more.")
        except SeatRefused as refused:
            messages.error(request, str(refused))
        return redirect("organization-members", organization.slug)
    return render(
        request, "organization/resend_invitation.html", {"organization": organization, "invitation": invitation}
    )


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def withdraw(request: PersonRequest, organization: Organization, pk: int) -> HttpResponse:
    invitation = get_object_or_404(waiting_of(organization), pk=pk)
    if request.method == "POST":
        invitations.withdraw(invitation, actor=Actor.of(request))
        messages.success(request, f"The invitation of {invitation.email} is withdrawn. Its link is dead.")
        return redirect("organization-members", organization.slug)
    return render(
        request, "organization/withdraw_invitation.html", {"organization": organization, "invitation": invitation}
    )


def tell(request: PersonRequest, invitation: Invitation) -> None:
    if invitation.sent_at:
        messages.success(request, f"{invitation.email} is invited. The link works for seven days.")
    else:
        messages.error(request, f"The letter to {invitation.email} could not be sent. Send it again later.")
