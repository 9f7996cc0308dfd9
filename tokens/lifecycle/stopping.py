"""Acts that stop tokens, and the one that lets them work again."""

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import License, User
from tokens.lifecycle.outcome import ActRefused
from tokens.lifecycle.rows import given, record, stop, stop_all
from tokens.lifecycle.rules import check_hook, check_name, locked_token
from tokens.models import LIFTED_BY_OWNER, Hold, Token


@transaction.atomic
def revoke(*, actor: Actor, token: Token, reason: str = "") -> Token:
    """Stop a token at once. An administrator's hold takes the place of the owner's, who then cannot lift it."""
    token = locked_token(token)
    hold = Hold.OWNER if actor.user == token.owner else Hold.ADMINISTRATOR
    if not token.is_revoked or (hold == Hold.ADMINISTRATOR and token.hold in LIFTED_BY_OWNER):
        stop(token, hold, actor=actor, reason=reason)
    return token


@transaction.atomic
def reapprove(*, actor: Actor, token: Token, reason: str = "") -> Token:
    """Let a revoked token work again, on a free hook. Raises ActRefused."""
    token = locked_token(token)
    now = timezone.now()
    if not token.is_revoked:
        return token
    if actor.user is None or not token.is_reapprovable_by(actor.user, now):
        raise ActRefused("This token cannot be re-approved.")
    assert token.license is not None  # noqa: S101 - is_reapprovable_by has seen to it
    check_hook(token.license, now)
    check_name(token.license, token.name, now)
    lifted = token.hold
    token.revoked_at, token.hold, token.revoked_by, token.stop_reason = None, "", None, ""
    token.save(update_fields=["revoked_at", "hold", "revoked_by", "stop_reason"])
    record("token.reapproved", token, actor=actor, hold=lifted, **given(reason))
    return token


@transaction.atomic
def revoke_on_sign_out(*, actor: Actor, owner: User) -> None:
    """Stop what its owner asked to have stopped when they sign out."""
    stop_all(Token.objects.filter(owner=owner, revoke_on_sign_out=True), Hold.SIGN_OUT, actor=actor)


@transaction.atomic
def revoke_for_license(*, actor: Actor, license: License) -> None:
    """Stop what hangs on a license that is switched off; the account token too, if it was the last one in force."""
    stop_all(Token.objects.filter(license=license), Hold.DEACTIVATION, actor=actor)
    if not license.user.licenses.in_force().exists():
        stop_all(Token.objects.filter(owner=license.user, license=None), Hold.DEACTIVATION, actor=actor)


@transaction.atomic
def revoke_for_user(*, actor: Actor, owner: User) -> None:
    """Stop everything of a person who is switched off."""
    stop_all(Token.objects.filter(owner=owner), Hold.DEACTIVATION, actor=actor)
