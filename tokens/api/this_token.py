"""The calling token itself: any token may inspect, rotate and revoke itself."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from ninja import Router, Status

from accounts.actor import Actor
from tokens import lifecycle
from tokens.api.authorization import needs
from tokens.api.conditions import tag
from tokens.api.once import IdempotencyKey, once
from tokens.api.schemas import IssuedToken, Problem, Reason, Rotation, TokenView
from tokens.api.views import issued_once, view
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
    description="Its successor has the same name and permissions. An account token is regenerated: it stops at once.",
)
def rotate_self(
    request: CallRequest, response: HttpResponse, key: IdempotencyKey, rotation: Rotation | None = None
) -> Status:
    token, actor = request.token, Actor.of(request)
    if token.is_account_token:
        if rotation and rotation.overlap_seconds and "overlap_seconds" in rotation.model_fields_set:
            raise ActRefused("The account token has no overlap: it stops at once.", code="no_overlap")
        known = once(request, key, rotation)
        return issued_once(response, lambda: lifecycle.regenerate(actor=actor, owner=token.owner, **known))
    asked, known = rotation or Rotation(), once(request, key, rotation)
    overlap = timedelta(seconds=asked.overlap_seconds)
    return issued_once(
        response,
        lambda: lifecycle.rotate(actor=actor, token=token, overlap=overlap, stops_on_use=asked.stops_on_use, **known),
    )


@router.post(
    "/tokens/self/revoke",
    auth=needs(""),
    response=TokenView,
    operation_id="revoke_self",
    summary="Stop the token of this call",
)
def revoke_self(request: CallRequest, reason: Reason | None = None) -> dict[str, Any]:
    said = (reason and reason.reason) or ""
    return view(lifecycle.revoke(actor=Actor.of(request), token=request.token, reason=said))
