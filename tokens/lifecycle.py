"""The only writer of token state, where both ways end: issue, regenerate, edit, revoke, re-approve, reveal.

Every act is one transaction with one audit row. The plaintext is handed back once, beside the row, and nothing else
ever sees it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.models import License, User
from tokens import format, hashing, scopes, sealing
from tokens.format import Plaintext
from tokens.models import ACCOUNT_TOKEN_NAME, LIFTED_BY_OWNER, Hold, State, Token, TokenQuerySet


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token and its text, which exists nowhere else."""

    token: Token
    plaintext: Plaintext


class ActRefused(Exception):
    """The act is not allowed. The text says why, for people; `field` names the input that it is about, if one is."""

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field


class AlreadyDone(ActRefused):
    """The same form was sent before. Its token stands; its text is not shown again."""

    def __init__(self, token: Token) -> None:
        super().__init__("This was done already.")
        self.token = token


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
) -> Issued:
    """A new named token on a free hook of the license. Raises ActRefused or AlreadyDone."""
    license = locked(license)
    refuse_repetition(license.user, request_key)
    now = timezone.now()
    check_hook(license, now)
    check_name(license, name, now)
    if expires_at is not None and expires_at <= now:
        raise ActRefused("Choose a date in the future.", field="expires_on")
    issued = create(
        owner=license.user,
        license=license,
        name=name,
        scope=check_scope(scope),
        expires_at=expires_at,
        allowed_networks=list(allowed_networks),
        revoke_on_sign_out=revoke_on_sign_out,
        created_at=now,
        request_key=request_key,
    )
    expiry = expires_at.isoformat() if expires_at else None
    record("token.created", issued.token, actor=actor, scope=issued.token.scope, expires_at=expiry)
    return issued


@transaction.atomic
def regenerate(*, actor: Actor, owner: User, request_key: UUID | None = None) -> Issued:
    """A new account token; the one before stops at once and for good. Raises ActRefused or AlreadyDone."""
    owner = User.objects.select_for_update().get(pk=owner.pk)
    refuse_repetition(owner, request_key)
    now = timezone.now()
    if not owner.is_active or (owner.licenses.exists() and not owner.licenses.in_force(now).exists()):
        raise ActRefused("None of your licenses is in force, so there can be no account token.")
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
    )
    record("account_token.regenerated" if replaced else "account_token.created", issued.token, actor=actor)
    return issued


@transaction.atomic
def edit(
    *,
    actor: Actor,
    token: Token,
    name: str,
    scope: Iterable[str],
    allowed_networks: Iterable[str] = (),
    revoke_on_sign_out: bool = False,
) -> Token:
    """Change what may be changed while a token lives. The text, the owner, the license and the expiry stay."""
    token = locked_token(token)
    now = timezone.now()
    if token.is_revoked or token.is_expired(now):
        raise ActRefused("This token has ended and cannot be changed.")
    assert token.license is not None, "The account token has nothing to edit."  # noqa: S101
    check_name(token.license, name, now, besides=token)
    new = {
        "name": name,
        "scope": check_scope(scope),
        "allowed_networks": list(allowed_networks),
        "revoke_on_sign_out": revoke_on_sign_out,
    }
    changes = {field: [getattr(token, field), value] for field, value in new.items() if getattr(token, field) != value}
    if changes:
        for field, value in new.items():
            setattr(token, field, value)
        token.save(update_fields=list(new))
        record("token.edited", token, actor=actor, changes=changes)
    return token


@transaction.atomic
def revoke(*, actor: Actor, token: Token) -> Token:
    """Stop a token at once. An administrator's hold takes the place of the owner's, who then cannot lift it."""
    token = locked_token(token)
    hold = Hold.OWNER if actor.user == token.owner else Hold.ADMINISTRATOR
    if not token.is_revoked or (hold == Hold.ADMINISTRATOR and token.hold in LIFTED_BY_OWNER):
        hold_back(token, hold, actor=actor)
    return token


@transaction.atomic
def reapprove(*, actor: Actor, token: Token) -> Token:
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
    token.revoked_at, token.hold, token.revoked_by = None, "", None
    token.save(update_fields=["revoked_at", "hold", "revoked_by"])
    record("token.reapproved", token, actor=actor, hold=lifted)
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


def redigest(*, token: Token, text: str) -> None:
    """Move a token that was met in use from an old pepper to the newest. Not an act of anybody: no audit row."""
    pepper = hashing.newest_pepper()
    Token.objects.filter(pk=token.pk, pepper=token.pepper).update(digest=hashing.digest(text, pepper), pepper=pepper)


@transaction.atomic
def reveal(*, actor: Actor, owner: User) -> Issued | None:
    """The text of the account token where a sealed copy is kept; every look is in the audit log."""
    token = Token.objects.account_token_of(owner)
    plaintext = unsealed(token)
    if token is None or plaintext is None:
        return None
    record("account_token.revealed", token, actor=actor)
    return Issued(token, plaintext)


def unsealed(token: Token | None) -> Plaintext | None:
    works = token is not None and token.state(timezone.now()) == State.ACTIVE
    return sealing.unseal(token.sealed) if token and works else None


def create(*, scope: str, **fields: object) -> Issued:
    plaintext = format.generate(settings.TOKEN_PREFIX)
    pepper = hashing.newest_pepper()
    token = Token.objects.create(
        **fields,
        scope=scope,
        digest=hashing.digest(plaintext, pepper),
        pepper=pepper,
        hint=format.hint(plaintext),
        sealed=None if fields["license"] else sealing.seal(plaintext),
    )
    return Issued(token, plaintext)


def hold_back(token: Token, hold: Hold, *, actor: Actor) -> None:
    token.revoked_at = token.revoked_at or timezone.now()
    token.hold, token.revoked_by, token.sealed = hold, actor.user, None
    token.save(update_fields=["revoked_at", "hold", "revoked_by", "sealed"])
    record("token.revoked", token, actor=actor, hold=hold)


def stop_all(tokens: TokenQuerySet, hold: Hold, *, actor: Actor) -> None:
    """A deactivation also takes over what the owner could let in again."""
    stoppable = Q(revoked_at=None)
    if hold == Hold.DEACTIVATION:
        stoppable |= Q(hold__in=LIFTED_BY_OWNER)
    found = tokens.unexpired(timezone.now()).filter(stoppable).with_surroundings()
    for token in found.select_for_update(of=("self",)):
        hold_back(token, hold, actor=actor)


def locked(license: License) -> License:
    """The license row is the lock under which its hooks are counted; the person's keeps off who would deactivate."""
    return (
        License.objects.select_for_update(of=("self", "user")).select_related("user", "organization").get(pk=license.pk)
    )


def locked_token(token: Token) -> Token:
    """License first, then token: always in this order, so that two acts never wait for each other."""
    if token.license_id is not None:
        License.objects.select_for_update().get(pk=token.license_id)
    return Token.objects.select_for_update(of=("self",)).with_surroundings().get(pk=token.pk)


def refuse_repetition(owner: User, request_key: UUID | None) -> None:
    if request_key is None:
        return
    earlier = Token.objects.filter(request_key=request_key).first()
    if earlier and earlier.owner_id == owner.pk:
        raise AlreadyDone(earlier)
    if earlier:
        raise ActRefused("This form was sent before. Open it again.")


def check_hook(license: License, now: datetime) -> None:
    if not license.user.is_active or not license.is_in_force(now):
        raise ActRefused(f"The license {license.name} is not in force.", field="license")
    if Token.objects.filter(license=license).on_hooks(now).count() >= license.allowance:
        raise ActRefused(
            f"All {license.allowance} hooks of {license.name} are taken. Revoke a token first.",
            field="license",
        )


def check_name(license: License, name: str, now: datetime, *, besides: Token | None = None) -> None:
    """One name, one living token; a name is free again when its token has ended."""
    namesakes = Token.objects.filter(license=license, name__iexact=name).on_hooks(now)
    if besides:
        namesakes = namesakes.exclude(pk=besides.pk)
    if namesakes.exists():
        raise ActRefused(f"There is already a token named {name} on this license.", field="name")


def check_scope(scope: Iterable[str]) -> str:
    chosen = frozenset(scope)
    if not chosen:
        raise ActRefused("Choose at least one permission.", field="permissions")
    unknown = sorted(word for word in chosen if not scopes.is_scope(word))
    if unknown:
        raise ActRefused(f"There is no permission {unknown[0]}.", field="permissions")
    return scopes.join(chosen)


def record(action: str, token: Token, *, actor: Actor, **details: object) -> None:
    organization = token.license.organization if token.license else None
    audit.record(action, actor=actor, subject=token.owner, organization=organization, token=token, **details)
