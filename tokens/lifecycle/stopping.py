"""Acts that stop tokens, and the one that lets them work again."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import License, User
from tokens import letters
from tokens.lifecycle.outcome import ActRefused
from tokens.lifecycle.rows import given, hold_back, record, stop, stop_all
from tokens.lifecycle.rules import check_hook, check_name, check_reach, locked_token
from tokens.models import LIFTED_BY_OWNER, NEVER_LIFTED, Block, Hold, Token

BY_TEXT = "Somebody who holds its text asked for it"

Later = Callable[[Callable[[], object]], object]


@transaction.atomic
def revoke(*, actor: Actor, token: Token, reason: str = "") -> Token:
    """Stop a token at once. An administrator's hold takes the place of the owner's, who then cannot lift it."""
    token = locked_token(token)
    hold = Hold.OWNER if actor.user == token.owner else Hold.ADMINISTRATOR
    if not token.is_revoked or (hold == Hold.ADMINISTRATOR and token.hold in LIFTED_BY_OWNER):
        stop(token, hold, actor=actor, reason=reason)
    return token


@transaction.atomic
def revoke_by_text(*, actor: Actor, token: Token) -> Token:
    """Stop a token for whoever holds its text. Its owner can let it work again: the text may be in a finder's hands.

    What has ended, or is held by anybody, stays as it is.
    """
    token = locked_token(token)
    if not token.has_ended(timezone.now()):
        is_owner = actor.user == token.owner
        stop(token, Hold.OWNER, actor=actor if is_owner else replace(actor, user=None), reason=BY_TEXT)
    return token


@transaction.atomic
def reapprove(*, actor: Actor, token: Token, reason: str = "") -> Token:
    """Let a revoked token work again, on a free hook. Raises ActRefused."""
    token = locked_token(token)
    now = timezone.now()
    if not token.is_revoked:
        return token
    if actor.user is None or not token.is_reapprovable_by(actor.user, now):
        raise ActRefused("This token cannot be re-approved.", code="not_reapprovable")
    if actor.user == token.owner:
        check_reach(actor, scope=token.scopes, allowed_networks=token.allowed_networks)
    assert token.license is not None  # noqa: S101 - is_reapprovable_by has seen to it
    check_hook(token.license, now)
    check_name(token.license, token.name, now)
    lifted = token.hold
    token.revoked_at, token.hold, token.revoked_by, token.stop_reason = None, "", None, ""
    token.save(update_fields=["revoked_at", "hold", "revoked_by", "stop_reason"])
    record("token.reapproved", token, actor=actor, hold=lifted, **given(reason))
    return token


@transaction.atomic
def approve(*, actor: Actor, token: Token, seen: str) -> Token:
    """Let a pending token do what it holds. Only for administrators; raises ActRefused.

    `seen` is the reach of the token as the administrator read it: its owner may have widened it since.
    """
    token = locked_token(token)
    if actor.user is None or not token.is_governed_by(actor.user):
        raise ActRefused("Only an administrator can approve a token.")
    if token.has_ended(timezone.now()):
        raise ActRefused("This token has ended and cannot be approved.")
    if token.reach != seen:
        raise ActRefused(
            "This token was changed since you looked. Look again before you approve it.", code="precondition_failed"
        )
    if token.awaits_approval:
        token.awaits_approval = False
        token.save(update_fields=["awaits_approval"])
        record("token.approved", token, actor=actor, scope=token.scope)
    return token


@transaction.atomic
def resume(*, actor: Actor, token: Token) -> Token:
    """Count the idle days of a token from now on. Raises ActRefused where that is not what keeps it from working."""
    token = locked_token(token)
    now = timezone.now()
    if token.has_ended(now) or token.block(now) != Block.IDLE:
        raise ActRefused("This token is not blocked for being idle.")
    token.resumed_at = now
    token.save(update_fields=["resumed_at"])
    record("token.resumed", token, actor=actor)
    return token


@transaction.atomic
def revoke_as_leaked(*, actor: Actor, token: Token, later: Later = transaction.on_commit) -> Token:
    """Stop a token for good, also over a hold that could be lifted, and write to its owner. Anybody may report.

    What was stopped for good before, by an earlier report or for a successor, stays as it is. `later` is given the
    writing of the letter, which must not happen before the commit.
    """
    token = locked_token(token)
    if token.hold in NEVER_LIFTED:
        return token
    hold_back(token, Hold.LEAK, actor=actor)
    record("token.leaked", token, actor=actor)
    at = timezone.now()
    later(partial(letters.send, "leaked", token, letters.readers(token), at=at))
    return token


@transaction.atomic
def revoke_on_sign_out(*, actor: Actor, owner: User) -> None:
    """Stop what its owner asked to have stopped, and what was made in this session where the policy asks for it."""
    chosen = Q(revoke_on_sign_out=True)
    if actor.session_mark:
        chosen |= Q(session_mark=actor.session_mark, organization__policy__revokes_on_sign_out=True)
    stop_all(Token.objects.filter(chosen, owner=owner), Hold.SIGN_OUT, owner=owner, actor=actor)


@transaction.atomic
def revoke_on_license(*, actor: Actor, license: License) -> None:
    """Stop what hangs on a license that is withdrawn, and nothing else of its holder."""
    stop_all(Token.objects.filter(license=license), Hold.DEACTIVATION, owner=license.user, actor=actor)


@transaction.atomic
def revoke_for_license(*, actor: Actor, license: License) -> None:
    """Stop what hangs on a license that is switched off; the account token too, if it was the last one in force."""
    stopped = Q(license=license)
    if not license.user.licenses.in_force().exists():
        stopped |= Q(owner=license.user, license=None)
    stop_all(Token.objects.filter(stopped), Hold.DEACTIVATION, owner=license.user, actor=actor)


@transaction.atomic
def revoke_for_user(*, actor: Actor, owner: User) -> None:
    """Stop everything of a person who is switched off."""
    stop_all(Token.objects.filter(owner=owner), Hold.DEACTIVATION, owner=owner, actor=actor)
