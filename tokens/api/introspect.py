"""RFC 7662: a service asks whether the token that its caller brought is good, and what it may do.

A service asks about the tokens of the organization that its own token belongs to. An introspection is a use: the
service would not ask if nobody called.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from ninja import Form, Router

from accounts.actor import user_agent_of
from accounts.address import canonical, client_address
from tokens import lifecycle, standing, uses
from tokens.api.authorization import needs
from tokens.api.oauth import OAuthError, check_form
from tokens.api.schemas import Introspection, IntrospectionForm
from tokens.authentication import check, recognise
from tokens.ledger import ledger
from tokens.models import Token
from tokens.refusals import Refused
from tokens.requests import CallRequest
from tokens.standing import Standing

router = Router(tags=["Other services"])


@router.post(
    "/introspect",
    auth=needs("introspect:read"),
    response=Introspection,
    exclude_unset=True,
    operation_id="introspect",
    summary="Check the token of a caller of yours",
    description="RFC 7662. Whatever is not good, unknown or another organization's is answered `active: false` alone.",
)
@sensitive_variables()
def introspect(request: CallRequest, form: Form[IntrospectionForm]) -> dict[str, Any]:
    check_form(request, form)
    now, address = timezone.now(), canonical(form.address)
    if form.address and not address:
        raise OAuthError("The address is none.")
    try:
        token = recognise(form.token)
        seen = standing.as_seen_by(request.token, token, now=now, address=client_address(request))
        check_caller(seen, now=now, address=address)
    except Refused:
        return {"active": False}
    note(request, token, form.token, now=now, address=address)
    return described(seen)


def check_caller(seen: Standing, *, now: datetime, address: str) -> None:
    """As if the caller had called here. What its owner reads about refused calls tells of this one too."""
    try:
        check(seen.token, now=now, address=address)
        seen.check(now=now, address=address)
    except Refused as error:
        ledger.note_refusal(seen.token, error.refusal.code, now=now, address=address)
        raise


def note(request: CallRequest, token: Token, text: str, *, now: datetime, address: str) -> None:
    """By our own method, POST: nobody told what the call wants to do, so it may be to write."""
    agent, method = user_agent_of(request), request.method or ""
    uses.note_use(token, now=now, address=address, user_agent=agent, method=method)
    lifecycle.redigest(token=token, text=text)


def described(seen: Standing) -> dict[str, Any]:
    token = seen.token
    facts: dict[str, Any] = {
        "active": True,
        "scope": " ".join(sorted(seen.scopes)),
        "username": token.owner.shown_email or token.owner.display_name,
        "token_type": "Bearer",
        "iat": int(token.created_at.timestamp()),
        "sub": str(token.owner_id),
        "iss": settings.SITE_URL,
        "jti": str(token.pk),
    }
    if token.ends_at:
        facts["exp"] = int(token.ends_at.timestamp())
    if seen.slug:
        facts["organization"] = seen.slug
    return facts
