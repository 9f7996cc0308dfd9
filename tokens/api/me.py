"""The person whom the calling token stands for."""

from typing import Any

from django.http import HttpResponse
from ninja import Router

from accounts import people
from accounts.actor import Actor
from tokens.api.answers import answer
from tokens.api.authorization import needs
from tokens.api.schemas import Me, MePatch, Problem
from tokens.requests import CallRequest

router = Router(tags=["Account"])


@router.get("/me", auth=needs("account:read"), response=Me, operation_id="read_me", summary="Read the account")
def read_me(request: CallRequest) -> HttpResponse:
    return answer(described(request))


@router.patch(
    "/me",
    auth=needs("account:write"),
    response={200: Me, 409: Problem},
    operation_id="edit_me",
    summary="Change the account",
)
def edit_me(request: CallRequest, patch: MePatch) -> dict[str, Any]:
    people.edit(request.user, actor=Actor.of(request), token=request.token, name=patch.name)
    request.user.name = patch.name
    return described(request)


def described(request: CallRequest) -> dict[str, Any]:
    user = request.user
    return {"id": user.pk, "email": user.shown_email, "name": user.name}
