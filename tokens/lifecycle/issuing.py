"""Acts that make a token or change one: issue, rotate, regenerate, edit."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.letters import after_commit
from accounts.models import License, User
from tokens import letters, scopes
from tokens.lifecycle import policing
from tokens.lifecycle.outcome import ActRefused, Issued
from tokens.lifecycle.rows import create, hold_back, record, stop
from tokens.lifecycle.rules import (
    check_actor,
    check_hook,
    check_name,
    check_pace,
    check_reach,
    check_rotation,
    check_scope,
    check_successor,
    check_time,
    checked_end,
    locked,
    locked_token,
    refuse_repetition,
    successors_expiry,
)
from tokens.models import ACCOUNT_TOKEN_NAME, Hold, Token, TokenNetwork
from tokens.networks import are_within


@transaction.atomic
def issue(
    *,
    actor: Actor,
    license: License,
    name: str,
    scope: Iterable[str],
    expires_at: datetime | None,
    allowed_networks: Iterable[str] = (),
    revoke_on_sign_out: bool = False,
    request_key: UUID | None = None,
    request_fingerprint: str = "",
) -> Issued:
    """A new named token on a free hook of the license. Raises ActRefused or AlreadyDone."""
    license = locked(license)
    check_actor(actor, license)
    refuse_repetition(license.user, request_key, request_fingerprint)
    now = timezone.now()
    check_hook(license, now)
    check_name(license, name, now)
    if expires_at is not None and expires_at <= now:
        raise ActRefused("Choose a date in the future.", field="expires_on")
    chosen, networks = check_scope(scope), list(allowed_networks)
    check_reach(actor, scope=scopes.parse(chosen), allowed_networks=networks)
    check_time(actor, expires_at)
    policing.check_second_factor(license)
    policing.check_end(license, now, expires_at)
    policing.check_grant(license, scopes.parse(chosen))
    check_pace(actor)
    issued = create(
        owner=license.user,
        license=license,
        name=name,
        scope=chosen,
        expires_at=expires_at,
        allowed_networks=networks,
        revoke_on_sign_out=revoke_on_sign_out,
        awaits_approval=policing.awaits_approval(license, actor),
        session_mark=actor.session_mark,
        created_at=now,
        request_key=request_key,
        request_fingerprint=request_fingerprint,
    )
    expiry = expires_at.isoformat() if expires_at else None
    record("token.created", issued.token, actor=actor, scope=issued.token.scope, expires_at=expiry)
    return issued


@transaction.atomic
def rotate(
    *,
    actor: Actor,
    token: Token,
    overlap: timedelta,
    stops_on_use: bool = False,
    request_key: UUID | None = None,
    request_fingerprint: str = "",
) -> Issued:
    """A successor with the same name, permissions and networks, on the same hook; the old one works on for the overlap.

    Never past its own expiry. A rotation that is tried again while the overlap runs takes the place of a successor that
    was not used yet, so that there is one at most. Raises ActRefused or AlreadyDone.
    """
    token = locked_token(token)
    refuse_repetition(token.owner, request_key, request_fingerprint)
    now = timezone.now()
    license = check_rotation(token, now)
    check_actor(actor, license)
    if token.successors.filter(hold=Hold.ADMINISTRATOR).exists():
        raise ActRefused("An administrator stopped the token that came of this one. Only they can let it work again.")
    for successor in token.successors.filter(revoked_at=None):
        if successor.first_used_at:
            raise ActRefused("This token was rotated already, and its successor is in use. Rotate that one.")
        stop(successor, Hold.REPLACED, actor=actor)
    if token.is_replaced:  # its own hook and name were left to a successor, and may have been taken since
        check_hook(license, now)
        check_name(license, token.name, now)
    ends_at = successors_expiry(token, now, actor=actor)
    if actor.token != token:
        check_successor(actor)
        check_reach(actor, scope=token.scopes, allowed_networks=token.allowed_networks)
        check_time(actor, ends_at)
    policing.check_second_factor(license)
    policing.check_end(license, now, ends_at)
    check_pace(actor)
    stops_at = min(filter(None, [now + overlap, token.stops_at, token.expires_at]))
    issued = create(
        owner=token.owner,
        license=license,
        name=token.name,
        scope=token.scope,
        expires_at=ends_at,
        allowed_networks=token.allowed_networks,
        revoke_on_sign_out=token.revoke_on_sign_out,
        awaits_approval=token.awaits_approval,
        session_mark=actor.session_mark,
        predecessor=token,
        counted_as=token.counted_as or token.pk,
        created_at=now,
        request_key=request_key,
        request_fingerprint=request_fingerprint,
    )
    known = token.networks.values_list("network", "first_at")
    issued.token.networks.bulk_create(
        TokenNetwork(token=issued.token, network=network, first_at=first_at) for network, first_at in known
    )
    token.replaced_at, token.stops_at, token.stops_on_use = token.replaced_at or now, stops_at, stops_on_use
    token.save(update_fields=["replaced_at", "stops_at", "stops_on_use"])
    if stops_at <= now:
        hold_back(token, Hold.REPLACED, actor=actor)
    record("token.rotated", issued.token, actor=actor, former=token.hint, stops_at=stops_at.isoformat())
    record("token.replaced", token, actor=actor, successor=issued.token.hint, stops_at=stops_at.isoformat())
    return issued


@transaction.atomic
def regenerate(*, actor: Actor, owner: User, request_key: UUID | None = None, request_fingerprint: str = "") -> Issued:
    """A new account token; the one before stops at once and for good. Raises ActRefused or AlreadyDone."""
    owner = User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    refuse_repetition(owner, request_key, request_fingerprint)
    now = timezone.now()
    if owner.is_service_account:
        raise ActRefused("A service account has no account token. Create a named one.")
    if not owner.is_active or (owner.licenses.exists() and not owner.licenses.in_force(now).exists()):
        raise ActRefused("None of your licenses is in force, so there can be no account token.")
    check_pace(actor)
    former = Token.objects.filter(owner=owner, license=None, revoked_at=None)
    replaced = former.update(revoked_at=now, hold=Hold.REGENERATED, revoked_by=actor.user, sealed=None)
    issued = create(
        owner=owner,
        license=None,
        name=ACCOUNT_TOKEN_NAME,
        scope="",
        expires_at=None,
        created_at=now,
        request_key=request_key,
        request_fingerprint=request_fingerprint,
    )
    record("account_token.regenerated" if replaced else "account_token.created", issued.token, actor=actor)
    if actor.address:
        facts = {"is_first": not replaced, "address": actor.address, "user_agent": actor.user_agent}
        after_commit(lambda: letters.send("account_token", issued.token, [owner], **facts))
    return issued


@transaction.atomic
def edit(
    *,
    actor: Actor,
    token: Token,
    name: str | None = None,
    scope: Iterable[str] | None = None,
    allowed_networks: Iterable[str] | None = None,
    revoke_on_sign_out: bool | None = None,
    expires_at: datetime | None = None,
    seen: str = "",
) -> Token:
    """Change what may be changed while a token lives. What is None stays; so do the text, the owner and the license.

    `expires_at` may only bring the end nearer. `seen` is the version that the caller looked at, if they say so.
    """
    token = locked_token(token)
    now = timezone.now()
    if seen and seen != token.version:
        raise ActRefused("The token was changed since you looked at it.", code="precondition_failed")
    if token.has_ended(now) or token.is_replaced:
        raise ActRefused("This token has ended and cannot be changed.", code="token_ended")
    assert token.license is not None, "The account token has nothing to edit."  # noqa: S101
    check_actor(actor, token.license)
    name = token.name if name is None else name
    check_name(token.license, name, now, besides=token)
    chosen = token.scope if scope is None else check_scope(scope)
    networks = token.allowed_networks if allowed_networks is None else list(allowed_networks)
    added = frozenset(word for word in scopes.parse(chosen) if not scopes.allows(token.scopes, word))
    policing.check_grant(token.license, added)
    ends_at = checked_end(token, expires_at, now)
    is_wider = not are_within(networks, token.allowed_networks)
    if added or is_wider:
        check_reach(actor, scope=scopes.parse(chosen) if is_wider else added, allowed_networks=networks)
        if actor.token != token:
            check_time(actor, ends_at)
    if ends_at != token.expires_at:
        policing.check_end(token.license, token.created_at, ends_at)
    is_different = bool(added) or networks != token.allowed_networks
    new = {
        "name": name,
        "scope": chosen,
        "allowed_networks": networks,
        "revoke_on_sign_out": token.revoke_on_sign_out if revoke_on_sign_out is None else revoke_on_sign_out,
        "expires_at": ends_at,
        "awaits_approval": token.awaits_approval or (is_different and policing.awaits_approval(token.license, actor)),
    }
    changes = {field: [getattr(token, field), value] for field, value in new.items() if getattr(token, field) != value}
    if changes:
        for field, value in new.items():
            setattr(token, field, value)
        token.save(update_fields=list(new))
        record("token.edited", token, actor=actor, changes=json.loads(json.dumps(changes, cls=DjangoJSONEncoder)))
    return token
