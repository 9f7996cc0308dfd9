"""The calling token itself: any token may inspect, rotate and revoke itself."""

from typing import Any

from django.http import HttpResponse
from ninja import Router, Status

from accounts.actor import Actor
from tokens import lifecycle
from tokens.api import acts
from tokens.api.authorization import needs
from tokens.api.conditions import tag
from tokens.api.once import IdempotencyKey, once
from tokens.api.schemas import IssuedToken, Problem, Reason, Rotation, TokenView
from tokens.api.views import view
from tokens.lifecycle import ActRefused
from tokens.requests import CallRequest

router = Router(tags=["This token"])


@router.get(
    "/tokens/self",
    auth=needs(""),
    response=TokenView,
    operation_id="read_self",
    summary="Read the token of this call",
)
def read_self(request: CallRequest, response: HttpResponse) -> dict[str, Any]:
    tag(request.token, response)
    return view(request.token)


@router.post(
    "/tokens/self/rotate",
    auth=needs(""),
    response={201: IssuedToken, 200: IssuedToken, 409: Problem},
    operation_id="rotate_self",
    summary="Replace the token of this call",
    description="Its successor has the same name and permissions. With `tokens:write` it lives as long again, else it "
    "ends when this one would have. An account token is regenerated: it stops at once.",
)
def rotate_self(
    request: CallRequest, response: HttpResponse, key: IdempotencyKey, rotation: Rotation | None = None
) -> Status:
    token = request.token
    if not token.is_account_token:
        return acts.rotate(request, response, token, rotation=rotation, key=key)
    if rotation and rotation.overlap_seconds and "overlap_seconds" in rotation.model_fields_set:
        raise ActRefused("The account token has no overlap: it stops at once.", code="no_overlap")
    known = once(request, key, rotation)
    return acts.issued_once(response, lambda: lifecycle.regenerate(actor=Actor.of(request), owner=token.owner, **known))


@router.post(
    "/tokens/self/revoke",
    auth=needs(""),
    response=TokenView,
    operation_id="revoke_self",
    summary="Stop the token of this call",
)
def revoke_self(request: CallRequest, reason: Reason | None = None) -> dict[str, Any]:
    return view(acts.revoke(request, request.token, reason))
