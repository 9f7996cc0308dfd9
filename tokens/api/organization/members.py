"""Members: licenses and who holds them, and the organization's service accounts."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Query, Router, Status

from accounts import seats, service_accounts
from accounts.actor import Actor
from accounts.models import License
from tokens.api.conditions import IfMatch, tag, version_seen
from tokens.api.ends import check_not_too_late
from tokens.api.organization.access import AdministratorCall, Slug, governs
from tokens.api.organization.schemas import (
    MemberPage,
    MemberPatch,
    MemberQuery,
    MemberView,
    ServiceAccountDraft,
)
from tokens.api.organization.views import members
from tokens.api.organization.words import understood
from tokens.api.paging import page
from tokens.api.schemas import Problem
from tokens.filters import MemberFilter, order_of

router = Router(tags=["Members"])


@router.get(
    "/organization/{slug:slug}/members",
    auth=governs("organization:read"),
    response=MemberPage,
    operation_id="list_members",
    summary="List the members of an organization",
)
def list_members(request: AdministratorCall, slug: Slug, query: Query[MemberQuery]) -> dict[str, Any]:
    filter = understood(MemberFilter(query.model_dump(mode="json", exclude_none=True)))
    found = filter.apply(request.organization)
    shown, cursor = page(found.rows.select_related("user"), query, order=order_of(found), asked=found.asked)
    return {"items": members(shown), "next": cursor}


@router.get(
    "/organization/{slug:slug}/members/{int:license_id}",
    auth=governs("organization:read"),
    response=MemberView,
    operation_id="read_member",
    summary="Read a member of an organization",
)
def read_member(request: AdministratorCall, response: HttpResponse, slug: Slug, license_id: int) -> dict[str, Any]:
    license = license_of(request, license_id)
    tag(license, response)
    return members([license])[0]


@router.patch(
    "/organization/{slug:slug}/members/{int:license_id}",
    auth=governs("organization:write"),
    response={200: MemberView, 409: Problem, 412: Problem},
    operation_id="edit_member",
    summary="Change the license of a member",
    description="Fewer hooks than tokens hang stop none of them.",
)
def edit_member(
    request: AdministratorCall,
    response: HttpResponse,
    slug: Slug,
    license_id: int,
    patch: MemberPatch,
    if_match: IfMatch,
) -> dict[str, Any]:
    license = license_of(request, license_id)
    given = patch.given
    check_not_too_late("/valid_until", given.get("valid_until"))
    seats.edit_license(license, actor=Actor.of(request), seen=version_seen(license, if_match), **given)
    return read_member(request, response, slug, license_id)


def acting(name: str, summary: str, description: str, act: Callable[..., None]) -> None:
    """An endpoint that does one act on a license."""

    @router.post(
        f"/organization/{{slug:slug}}/members/{{int:license_id}}/{name}",
        auth=governs("organization:write"),
        response={200: MemberView, 409: Problem},
        operation_id=f"{name}_member",
        summary=summary,
        description=description,
    )
    def endpoint(request: AdministratorCall, response: HttpResponse, slug: Slug, license_id: int) -> dict[str, Any]:
        act(license_of(request, license_id), actor=Actor.of(request))
        return read_member(request, response, slug, license_id)


acting(
    "deactivate",
    "Deactivate a member",
    "Signs the person out everywhere and stops the tokens on the license at once.",
    seats.deactivate_license,
)
acting(
    "reactivate",
    "Reactivate a member",
    "Brings the person back, not the tokens: re-approve those that are still needed.",
    seats.reactivate_license,
)
acting(
    "withdraw",
    "Withdraw the license of a member",
    "The tokens on it stop at once; only a new invitation brings the person back.",
    seats.withdraw_license,
)


@router.post(
    "/organization/{slug:slug}/service-accounts",
    auth=governs("organization:write"),
    response={201: MemberView, 409: Problem},
    operation_id="create_service_account",
    summary="Create a service account",
)
def create_service_account(
    request: AdministratorCall, response: HttpResponse, slug: Slug, draft: ServiceAccountDraft
) -> Status:
    license = service_accounts.create(organization=request.organization, name=draft.name, actor=Actor.of(request))
    response["Location"] = reverse("api:read_member", args=[slug, license.pk])
    return Status(201, read_member(request, response, slug, license.pk))


def license_of(request: AdministratorCall, license_id: int) -> License:
    return get_object_or_404(request.organization.licenses.select_related("user"), pk=license_id)
