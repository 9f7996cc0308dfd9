"""What scripts do to tokens, those of owners and of administrators alike: endpoints say to whose, these do the act."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from ninja import Status

from accounts.actor import Actor
from accounts.models import License
from tokens import lifecycle
from tokens.api.conditions import tag, version_seen
from tokens.api.ends import chosen_end
from tokens.api.once import once
from tokens.api.schemas import Reason, Rotation, TokenDraft, TokenPatch
from tokens.api.views import own_address, view
from tokens.lifecycle import AlreadyDone, Issued
from tokens.models import Token
from tokens.requests import CallRequest


def issue(
    request: CallRequest, response: HttpResponse, draft: TokenDraft, *, license: License, key: str | None, **shown: Any
) -> Status:
    """`shown`: how `issued_once` tells of it."""
    return issued_once(
        response,
        lambda: lifecycle.issue(
            actor=Actor.of(request),
            license=license,
            name=draft.name,
            scope=draft.scopes,
            expires_at=chosen_end(request, draft, license),
            allowed_networks=draft.allowed_networks,
            revoke_on_sign_out=draft.revoke_on_sign_out,
            **once(request, key, draft),
        ),
        **shown,
    )


def rotate(
    request: CallRequest,
    response: HttpResponse,
    token: Token,
    *,
    rotation: Rotation | None,
    key: str | None,
    **shown: Any,
) -> Status:
    """A request without a body asks for what a rotation is by default."""
    asked = rotation or Rotation()
    return issued_once(
        response,
        lambda: lifecycle.rotate(
            actor=Actor.of(request),
            token=token,
            overlap=timedelta(seconds=asked.overlap_seconds),
            stops_on_use=asked.stops_on_use,
            **once(request, key, rotation),
        ),
        **shown,
    )


def edit(request: CallRequest, token: Token, patch: TokenPatch, if_match: str | None) -> None:
    given = patch.given
    if "scopes" in given:
        given["scope"] = given.pop("scopes")
    lifecycle.edit(actor=Actor.of(request), token=token, seen=version_seen(token, if_match), **given)


def revoke(request: CallRequest, token: Token, reason: Reason | None) -> Token:
    return lifecycle.revoke(actor=Actor.of(request), token=token, reason=said(reason))


def said(reason: Reason | None) -> str:
    return (reason and reason.reason) or ""


def issued_once(
    response: HttpResponse,
    act: Callable[[], Issued],
    *,
    shown: Callable[[Token], dict[str, Any]] = view,
    address: Callable[[Token], str | None] = own_address,
) -> Status:
    """201 and the text; 200 without it, where the same request was carried out before."""
    try:
        issued = act()
        token, plaintext = issued.token, str(issued.plaintext)
    except AlreadyDone as done:
        token, plaintext = done.token, None
        response["Idempotency-Replayed"] = "true"
    token = Token.objects.with_surroundings().get(pk=token.pk)
    tag(token, response)
    if place := address(token):
        response["Location"] = place
    return Status(201 if plaintext else 200, shown(token) | {"plaintext": plaintext})
