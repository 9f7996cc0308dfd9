"""The named tokens of a person: list, create, read, edit, rotate, revoke, re-approve.

An account token reaches all of its owner's; a named one those on the license that it hangs on.
"""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Status

from accounts.actor import Actor
from accounts.models import License
from tokens import lifecycle
from tokens.api import acts
from tokens.api.authorization import needs
from tokens.api.conditions import IfMatch, tag
from tokens.api.errors import Unprocessable
from tokens.api.once import IdempotencyKey
from tokens.api.paging import page
from tokens.api.schemas import (
    IssuedToken,
    Problem,
    Reason,
    Rotation,
    TokenDraft,
    TokenPage,
    TokenPatch,
    TokenQuery,
    TokenView,
)
from tokens.api.views import view
from tokens.models import Token, TokenQuerySet
from tokens.requests import CallRequest

router = Router(tags=["Tokens"])


@router.get(
    "/tokens", auth=needs("tokens:read"), response=TokenPage, operation_id="list_tokens", summary="List your tokens"
)
def list_tokens(request: CallRequest, query: Query[TokenQuery]) -> dict[str, Any]:
    tokens = own(request)
    if query.license is not None:
        tokens = tokens.filter(license__number=query.license)
    if query.state is not None:
        tokens = tokens.in_state(query.state, timezone.now(), are_named=True)
    found, cursor = page(tokens.with_surroundings(), query)
    return {"items": [view(token) for token in found], "next": cursor}


@router.post(
    "/tokens",
    auth=needs("tokens:write"),
    response={201: IssuedToken, 200: IssuedToken, 409: Problem},
    operation_id="create_token",
    summary="Issue a token",
)
def create_token(request: CallRequest, response: HttpResponse, draft: TokenDraft, key: IdempotencyKey) -> Status:
    return acts.issue(request, response, draft, license=chosen_license(request, draft), key=key)


@router.get(
    "/tokens/{int:token_id}",
    auth=needs("tokens:read"),
    response={200: TokenView, 404: Problem},
    operation_id="read_token",
    summary="Read one of your tokens",
)
def read_token(request: CallRequest, response: HttpResponse, token_id: int) -> dict[str, Any]:
    token = own_token(request, token_id)
    tag(token, response)
    return view(token)


@router.patch(
    "/tokens/{int:token_id}",
    auth=needs("tokens:write"),
    response={200: TokenView, 404: Problem, 409: Problem, 412: Problem},
    operation_id="edit_token",
    summary="Change one of your tokens",
)
def edit_token(
    request: CallRequest, response: HttpResponse, token_id: int, patch: TokenPatch, if_match: IfMatch
) -> dict[str, Any]:
    acts.edit(request, own_token(request, token_id), patch, if_match)
    return read_token(request, response, token_id)


@router.post(
    "/tokens/{int:token_id}/rotate",
    auth=needs("tokens:write"),
    response={201: IssuedToken, 200: IssuedToken, 404: Problem, 409: Problem},
    operation_id="rotate_token",
    summary="Replace one of your tokens",
    description="Its successor has the same name and permissions; the old one works on for the overlap.",
)
def rotate_token(
    request: CallRequest,
    response: HttpResponse,
    token_id: int,
    key: IdempotencyKey,
    rotation: Rotation | None = None,
) -> Status:
    return acts.rotate(request, response, own_token(request, token_id), rotation=rotation, key=key)


@router.post(
    "/tokens/{int:token_id}/revoke",
    auth=needs("tokens:write"),
    response={200: TokenView, 404: Problem},
    operation_id="revoke_token",
    summary="Stop one of your tokens",
)
def revoke_token(request: CallRequest, token_id: int, reason: Reason | None = None) -> dict[str, Any]:
    return view(acts.revoke(request, own_token(request, token_id), reason))


@router.post(
    "/tokens/{int:token_id}/re-approve",
    auth=needs("tokens:write"),
    response={200: TokenView, 404: Problem, 409: Problem},
    operation_id="reapprove_token",
    summary="Let one of your tokens work again",
)
def reapprove_token(request: CallRequest, token_id: int, reason: Reason | None = None) -> dict[str, Any]:
    token = own_token(request, token_id)
    return view(lifecycle.reapprove(actor=Actor.of(request), token=token, reason=acts.said(reason)))


def own(request: CallRequest) -> TokenQuerySet:
    tokens = Token.objects.filter(owner=request.user).named()
    caller = request.token
    return tokens if caller.is_account_token else tokens.filter(license=caller.license_id)


def own_token(request: CallRequest, token_id: int) -> Token:
    return get_object_or_404(own(request).with_surroundings(), pk=token_id)


def chosen_license(request: CallRequest, draft: TokenDraft) -> License:
    licenses = License.objects.filter(user=request.user).in_force().select_related("organization__policy")
    if request.token.license_id:
        licenses = licenses.filter(pk=request.token.license_id)
    if draft.license is not None:
        licenses = licenses.filter(number=draft.license)
    found = list(licenses[:2])
    if len(found) == 1:
        return found[0]
    several = "You have several licenses: say the number of one."
    raise Unprocessable("/license", several if found else "There is no such license in force.")
