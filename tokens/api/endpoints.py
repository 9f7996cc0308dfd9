"""The endpoints under `/api/v1/`."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts import people
from accounts.actor import Actor
from tokens.api import errors
from tokens.api.authorization import needs
from tokens.api.schemas import Me, MePatch, Problem, TokenSelf
from tokens.models import Token
from tokens.protect.ninja import TokenAPI
from tokens.requests import CallRequest

REFUSALS = dict.fromkeys((400, 401, 403, 429), Problem)

api = TokenAPI(
    title="Tokenrack",
    version=settings.VERSION,
    description="What scripts can do with their token.",
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url="/docs",
)
errors.register(api)


@api.get(
    "/me",
    auth=needs("account:read"),
    response={200: Me, **REFUSALS},
    operation_id="read_me",
    summary="Read the account",
)
def read_me(request: CallRequest) -> dict[str, Any]:
    return describe_person(request)


@api.patch(
    "/me",
    auth=needs("account:write"),
    response={200: Me, 422: Problem, **REFUSALS},
    operation_id="edit_me",
    summary="Change the account",
)
def edit_me(request: CallRequest, patch: MePatch) -> dict[str, Any]:
    people.edit(request.user, actor=Actor.of(request), token=request.token, name=patch.name)
    request.user.name = patch.name
    return describe_person(request)


@api.get(
    "/tokens/self",
    auth=needs(""),
    response={200: TokenSelf, **REFUSALS},
    operation_id="read_self",
    summary="Read the token of this call",
)
def read_self(request: CallRequest) -> dict[str, Any]:
    return describe_token(request.token)


def describe_person(request: CallRequest) -> dict[str, Any]:
    user = request.user
    return {"id": user.pk, "email": user.shown_email, "name": user.name}


def describe_token(token: Token) -> dict[str, Any]:
    license = token.license
    return {
        "id": token.pk,
        "name": token.name,
        "hint": token.hint,
        "scopes": sorted(token.scopes),
        "license": license.number if license else None,
        "organization": license.organization.slug if license and license.organization else None,
        "state": token.state(timezone.now()),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }
