"""The inventory of an organization, and what its administrators do for service accounts."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Status

from accounts.actor import Actor
from accounts.models import License
from tokens import lifecycle
from tokens.api import acts
from tokens.api.conditions import IfMatch, tag
from tokens.api.errors import Unprocessable
from tokens.api.once import IdempotencyKey
from tokens.api.organization.access import AdministratorCall, Slug, governs
from tokens.api.organization.schemas import (
    GovernedToken,
    GovernedTokenPage,
    GovernedTokenQuery,
    IssuedGovernedToken,
)
from tokens.api.organization.views import address_of, governed
from tokens.api.organization.words import token_filter
from tokens.api.paging import page
from tokens.api.schemas import Problem, Rotation, TokenDraft, TokenPatch
from tokens.models import Token

AS_GOVERNED = {"shown": governed, "address": address_of}

router = Router(tags=["Tokens of an organization"])


@router.get(
    "/organization/{slug:slug}/tokens",
    auth=governs("organization:read"),
    response=GovernedTokenPage,
    operation_id="list_organization_tokens",
    summary="List the tokens of an organization",
)
def list_organization_tokens(
    request: AdministratorCall, slug: Slug, query: Query[GovernedTokenQuery]
) -> dict[str, Any]:
    filter = token_filter(request.organization, query)
    found = filter.apply(timezone.now())
    rows = found.rows.select_related("owner", "license__organization__policy", "revoked_by")
    tokens, cursor = page(rows, query, order=filter.order, asked=found.asked)
    return {"items": [governed(token) for token in tokens], "next": cursor}


@router.post(
    "/organization/{slug:slug}/tokens",
    auth=governs("organization:write"),
    response={201: IssuedGovernedToken, 200: IssuedGovernedToken, 409: Problem},
    operation_id="create_organization_token",
    summary="Issue a token for a service account or yourself",
    description="`license` is the number of a service account's; left out, your own in this organization.",
)
def create_organization_token(
    request: AdministratorCall, response: HttpResponse, slug: Slug, draft: TokenDraft, key: IdempotencyKey
) -> Status:
    license = chosen_license(request, draft.license)
    return acts.issue(request, response, draft, license=license, key=key, **AS_GOVERNED)


@router.get(
    "/organization/{slug:slug}/tokens/{int:token_id}",
    auth=governs("organization:read"),
    response=GovernedToken,
    operation_id="read_organization_token",
    summary="Read a token of an organization",
)
def read_organization_token(
    request: AdministratorCall, response: HttpResponse, slug: Slug, token_id: int
) -> dict[str, Any]:
    token = token_of(request, token_id)
    tag(token, response)
    return governed(token)


@router.patch(
    "/organization/{slug:slug}/tokens/{int:token_id}",
    auth=governs("organization:write"),
    response={200: GovernedToken, 409: Problem, 412: Problem},
    operation_id="edit_organization_token",
    summary="Change a token of a service account",
)
def edit_organization_token(
    request: AdministratorCall,
    response: HttpResponse,
    slug: Slug,
    token_id: int,
    patch: TokenPatch,
    if_match: IfMatch,
) -> dict[str, Any]:
    acts.edit(request, service_token_of(request, token_id), patch, if_match)
    return read_organization_token(request, response, slug, token_id)


@router.post(
    "/organization/{slug:slug}/tokens/{int:token_id}/rotate",
    auth=governs("organization:write"),
    response={201: IssuedGovernedToken, 200: IssuedGovernedToken, 409: Problem},
    operation_id="rotate_organization_token",
    summary="Replace a token of a service account",
)
def rotate_organization_token(
    request: AdministratorCall,
    response: HttpResponse,
    slug: Slug,
    token_id: int,
    key: IdempotencyKey,
    rotation: Rotation | None = None,
) -> Status:
    token = service_token_of(request, token_id)
    return acts.rotate(request, response, token, rotation=rotation, key=key, **AS_GOVERNED)


@router.post(
    "/organization/{slug:slug}/tokens/{int:token_id}/resume",
    auth=governs("organization:write"),
    response={200: GovernedToken, 409: Problem},
    operation_id="resume_organization_token",
    summary="Let an idle token of a service account work again",
)
def resume_organization_token(request: AdministratorCall, slug: Slug, token_id: int) -> dict[str, Any]:
    return governed(lifecycle.resume(actor=Actor.of(request), token=service_token_of(request, token_id)))


def token_of(request: AdministratorCall, token_id: int) -> Token:
    tokens = Token.objects.of_organization(request.organization).with_surroundings().select_related("revoked_by")
    return get_object_or_404(tokens, pk=token_id)


def service_token_of(request: AdministratorCall, token_id: int) -> Token:
    """Those of people are theirs to edit and to rotate."""
    tokens = Token.objects.of_organization(request.organization).filter(owner__is_service_account=True)
    return get_object_or_404(tokens.with_surroundings(), pk=token_id)


def chosen_license(request: AdministratorCall, number: str | None) -> License:
    licenses = request.organization.licenses.select_related("user", "organization__policy")
    if number is None:
        return licenses.get(user=request.user)
    offered = licenses.filter(Q(user=request.user) | Q(user__is_service_account=True), number=number)
    if found := offered.first():
        return found
    raise Unprocessable("/license", "This is no license of yours or of a service account here.")
