"""Invitations into an organization that are still open, or could be again."""

from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from accounts import invitations
from accounts.actor import Actor
from accounts.models import Invitation
from accounts.models.invitation import InvitationQuerySet
from accounts.seats import SeatRefused
from tokens.api.ends import check_not_too_late
from tokens.api.organization import views
from tokens.api.organization.access import AdministratorCall, Slug, governs
from tokens.api.organization.schemas import InvitationDraft, InvitationPage, InvitationView
from tokens.api.paging import page
from tokens.api.schemas import Problem
from tokens.api.schemas import Query as PageQuery

router = Router(tags=["Members"])


@router.get(
    "/organization/{slug:slug}/invitations",
    auth=governs("organization:read"),
    response=InvitationPage,
    operation_id="list_invitations",
    summary="List the invitations of an organization",
)
def list_invitations(request: AdministratorCall, slug: Slug, query: Query[PageQuery]) -> dict[str, Any]:
    found, cursor = page(waiting(request), query)
    return {"items": [views.invitation(row) for row in found], "next": cursor}


@router.post(
    "/organization/{slug:slug}/invitations",
    auth=governs("organization:write"),
    response={201: InvitationView, 409: Problem},
    operation_id="create_invitation",
    summary="Invite somebody",
    description="A letter with a link goes out, which works once, for seven days.",
)
def create_invitation(request: AdministratorCall, slug: Slug, draft: InvitationDraft) -> Status:
    check_not_too_late("/valid_until", draft.valid_until)
    sent = invitations.invite(
        actor=Actor.of(request),
        organization=request.organization,
        email=draft.email,
        role=draft.role,
        license_name=draft.license_name,
        allowance=draft.allowance,
        valid_until=draft.valid_until,
    )
    return Status(201, views.invitation(sent))


@router.post(
    "/organization/{slug:slug}/invitations/{int:invitation_id}/resend",
    auth=governs("organization:write"),
    response={201: InvitationView, 409: Problem},
    operation_id="resend_invitation",
    summary="Send an invitation again",
    description="A new invitation in the place of the old one: the link of the earlier letter is dead.",
)
def resend_invitation(request: AdministratorCall, slug: Slug, invitation_id: int) -> Status:
    try:
        sent = invitations.resend(invitation_of(request, invitation_id), actor=Actor.of(request))
    except invitations.NotOpen:
        raise SeatRefused("This invitation is not open any more.", code="invitation_not_open") from None
    return Status(201, views.invitation(sent))


@router.post(
    "/organization/{slug:slug}/invitations/{int:invitation_id}/withdraw",
    auth=governs("organization:write"),
    response={204: None},
    operation_id="withdraw_invitation",
    summary="Withdraw an invitation",
    description="Its link is dead.",
)
def withdraw_invitation(request: AdministratorCall, slug: Slug, invitation_id: int) -> Status:
    invitations.withdraw(invitation_of(request, invitation_id), actor=Actor.of(request))
    return Status(204, None)


def waiting(request: AdministratorCall) -> InvitationQuerySet:
    found = Invitation.objects.waiting_in(request.organization)
    return found.vouched_for().select_related("invited_by", "organization")


def invitation_of(request: AdministratorCall, invitation_id: int) -> Invitation:
    return get_object_or_404(waiting(request), pk=invitation_id)
