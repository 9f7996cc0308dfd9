"""The organizations that somebody administers."""

from typing import Any

from ninja import Query, Router

from accounts.models import License, Organization
from config.choice import along
from config.keyset import count_of
from tokens.api.authorization import needs
from tokens.api.organization.access import AdministratorCall, Slug, administered, governs
from tokens.api.organization.schemas import OrganizationPage, OrganizationView
from tokens.api.paging import page
from tokens.api.schemas import Query as PageQuery
from tokens.models import Token
from tokens.requests import CallRequest

router = Router(tags=["Organization"])


@router.get(
    "/organization",
    auth=needs("organization:read"),
    response=OrganizationPage,
    operation_id="list_organizations",
    summary="List what you administer",
    description="Of a named token: the organization of its license, if its owner administers that. May be none.",
)
def list_organizations(request: CallRequest, query: Query[PageQuery]) -> dict[str, Any]:
    found, cursor = page(administered(request.token), query)
    return {"items": [summary(organization) for organization in found], "next": cursor}


@router.get(
    "/organization/{slug:slug}",
    auth=governs("organization:read"),
    response=OrganizationView,
    operation_id="read_organization",
    summary="Read an organization",
)
def read_organization(request: AdministratorCall, slug: Slug) -> dict[str, Any]:
    organization = request.organization
    return summary(organization) | {
        "created_at": organization.created_at,
        "seats": organization.seats,
        "seats_taken": count_of(along("license_taken", License.objects.of_organization(organization).taken())),
        "token_count": count_of(along("token_organization", Token.objects.of_organization(organization))),
    }


def summary(organization: Organization) -> dict[str, str]:
    return {"slug": organization.slug, "name": organization.name}
