"""What administrators do to any token of their organization: revoke, re-approve, approve."""

from typing import Any

from django.http import HttpResponse
from ninja import Router

from accounts.actor import Actor
from tokens import lifecycle
from tokens.api import acts
from tokens.api.conditions import NeededIfMatch, tag, version_needed
from tokens.api.organization.access import AdministratorCall, Slug, governs
from tokens.api.organization.schemas import GivenReason, GovernedToken
from tokens.api.organization.tokens import token_of
from tokens.api.organization.views import governed
from tokens.api.schemas import Problem, Reason
from tokens.lifecycle import ActRefused

router = Router(tags=["Tokens of an organization"])


@router.post(
    "/organization/{slug:slug}/tokens/{int:token_id}/revoke",
    auth=governs("organization:write"),
    response=GovernedToken,
    operation_id="revoke_organization_token",
    summary="Stop a token of an organization",
)
def revoke_organization_token(
    request: AdministratorCall, slug: Slug, token_id: int, reason: Reason | None = None
) -> dict[str, Any]:
    return governed(acts.revoke(request, token_of(request, token_id), reason))


@router.post(
    "/organization/{slug:slug}/tokens/{int:token_id}/re-approve",
    auth=governs("organization:write"),
    response={200: GovernedToken, 409: Problem},
    operation_id="reapprove_organization_token",
    summary="Let a token of an organization work again",
)
def reapprove_organization_token(
    request: AdministratorCall, slug: Slug, token_id: int, reason: GivenReason
) -> dict[str, Any]:
    token = token_of(request, token_id)
    return governed(lifecycle.reapprove(actor=Actor.of(request), token=token, reason=reason.reason))


@router.post(
    "/organization/{slug:slug}/tokens/{int:token_id}/approve",
    auth=governs("organization:write"),
    response={200: GovernedToken, 409: Problem, 412: Problem, 428: Problem},
    operation_id="approve_organization_token",
    summary="Approve a token that awaits it",
    description="Of the token as you read it: its owner may have widened it since.",
)
def approve_organization_token(
    request: AdministratorCall, response: HttpResponse, slug: Slug, token_id: int, if_match: NeededIfMatch
) -> dict[str, Any]:
    token = token_of(request, token_id)
    if version_needed(token, if_match) != token.version:
        raise ActRefused("This token was changed since you looked at it.", code="precondition_failed")
    approved = lifecycle.approve(actor=Actor.of(request), token=token, seen=token.reach)
    tag(approved, response)
    return governed(approved)
