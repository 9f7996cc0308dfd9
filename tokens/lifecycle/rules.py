"""What has to hold before an act, asked under a lock."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.actor import Actor
from accounts.models import License, User
from config.redaction import without_tokens
from tokens import networks, scopes, throttling
from tokens.lifecycle.outcome import ActRefused, AlreadyDone, TooOften
from tokens.models import Token

BEYOND = "beyond_the_calling_token"
LATEST_EXPIRY_YEARS = 10
LONGEST_LIFE = timedelta(days=366 * LATEST_EXPIRY_YEARS)


def locked(license: License) -> License:
    """The license row is the lock under which its hooks are counted; the person's keeps off who would deactivate.

    People are locked without their key, here as elsewhere: or each row that refers to one would wait for the act.
    """
    licenses = License.objects.select_related("user", "organization__policy")
    return licenses.select_for_update(of=("self", "user"), no_key=True).get(pk=license.pk)


def locked_token(token: Token) -> Token:
    """License first, then token: always in this order, so that two acts never wait for each other."""
    if token.license_id is not None:
        License.objects.select_for_update().get(pk=token.license_id)
    found = Token.objects.select_for_update(of=("self",)).with_surroundings().get(pk=token.pk)
    if found.license is not None:
        found.license.user = found.owner
    return found


def check_actor(actor: Actor, license: License) -> None:
    """The holder of the license; of a service account's, whoever administers the organization it belongs to."""
    if actor.user is None or actor.user == license.user:
        return
    if not (license.user.is_service_account and License.objects.governs(actor.user, license.organization_id)):
        raise ActRefused("Only its owner can do this.")


def check_reach(actor: Actor, *, scope: Iterable[str], allowed_networks: Iterable[str] | None = None) -> None:
    """A token never gives away more than it holds itself: permissions, and addresses where they are given.

    People give away what they like.
    """
    granter = actor.token
    if granter is None:
        return
    beyond = sorted(word for word in scope if not granter.allows(word))
    if beyond:
        raise ActRefused(f"The calling token does not hold {beyond[0]} itself.", field="permissions", code=BEYOND)
    if allowed_networks is not None and not networks.are_within(allowed_networks, granter.allowed_networks):
        raise ActRefused("The calling token may not be used from there itself.", field="ranges", code=BEYOND)


def check_time(actor: Actor, expires_at: datetime | None) -> None:
    """A token lets no other live longer than itself."""
    ends_at = actor.token.ends_at if actor.token else None
    if ends_at and (expires_at is None or expires_at > ends_at):
        raise ActRefused("The calling token ends before that itself.", field="expires_on", code=BEYOND)


def check_successor(actor: Actor) -> None:
    """What was replaced, perhaps because it leaked, takes the place of no other token."""
    if actor.token and actor.token.is_replaced:
        raise ActRefused("The calling token was rotated already. Use its successor.", code=BEYOND)


def refuse_repetition(owner: User, request_key: UUID | None, fingerprint: str = "") -> None:
    """`fingerprint` stands for what was asked: a key that a caller chose may come again with something else."""
    if request_key is None:
        return
    earlier = Token.objects.filter(request_key=request_key).first()
    if earlier and earlier.request_fingerprint != fingerprint:
        raise ActRefused("This key came with another request before.", code="idempotency_key_reused")
    if earlier and earlier.owner_id == owner.pk:
        raise AlreadyDone(earlier)
    if earlier:
        raise ActRefused("This form was sent before. Open it again.")


def check_hook(license: License, now: datetime) -> None:
    if not license.user.is_active or not license.is_in_force(now):
        raise ActRefused(f"The license {license.name} is not in force.", field="license", code="license_inactive")
    if Token.objects.filter(license=license).on_hooks(now).count() >= license.allowance:
        raise ActRefused(
            f"All {license.allowance} hooks of {license.name} are taken. Revoke a token first.",
            field="license",
            code="allowance_exhausted",
        )


def check_name(license: License, name: str, now: datetime, *, besides: Token | None = None) -> None:
    """One name, one living token; a name is free again when its token has ended."""
    namesakes = Token.objects.filter(license=license, name__iexact=name).on_hooks(now)
    if besides:
        namesakes = namesakes.exclude(pk=besides.pk)
    if namesakes.exists():
        raise ActRefused(f"There is already a token named {name} on this license.", field="name", code="name_taken")


def check_pace(actor: Actor) -> None:
    """Asked last, so that an act which is refused anyway takes nothing. Commands and the passing of time are free."""
    if actor.user is None:
        return
    window = throttling.count_issue(actor.user)
    if not window.is_kept:
        minutes = math.ceil(window.seconds_left / 60)
        wait = "in a minute" if minutes == 1 else f"in {minutes} minutes"
        raise TooOften(
            f"You have made {window.limit} tokens within the hour. Try again {wait}.", retry_after=window.seconds_left
        )


def check_scope(scope: Iterable[str]) -> str:
    chosen = frozenset(scope)
    if not chosen:
        raise ActRefused("Choose at least one permission.", field="permissions")
    unknown = sorted(word for word in chosen if not scopes.is_scope(word))
    if unknown:
        raise ActRefused(f"There is no permission {without_tokens(unknown[0])}.", field="permissions")
    return scopes.join(chosen)


def checked_end(token: Token, expires_at: datetime | None, now: datetime) -> datetime | None:
    if expires_at is None or expires_at == token.expires_at:
        return token.expires_at
    if expires_at > now + LONGEST_LIFE:
        raise ActRefused(f"At most {LATEST_EXPIRY_YEARS} years.", field="expires_on")
    if expires_at <= now:
        raise ActRefused("Choose a date in the future.", field="expires_on")
    if token.expires_at and expires_at > token.expires_at:
        raise ActRefused("The end can only come nearer. Rotate the token to let it live longer.", field="expires_on")
    return expires_at


def check_rotation(token: Token, now: datetime) -> License:
    if token.license is None:
        raise ActRefused("The account token is regenerated, not rotated.")
    if token.has_ended(now):
        raise ActRefused("This token has ended and cannot be rotated. Generate a new one.", code="token_ended")
    if not token.owner.is_active or not token.license.is_in_force(now):
        raise ActRefused(f"The license {token.license.name} is not in force.")
    return token.license


def successors_expiry(token: Token, now: datetime, *, actor: Actor) -> datetime | None:
    """The lifetime carries over in whole days, to the same time of day where the owner is.

    Who may not write tokens cannot live longer by replacing itself: a theft ends with the token that was stolen.
    """
    if token.expires_at is None or (actor.token == token and not actor.token.allows("tokens:write")):
        return token.expires_at
    clock = ZoneInfo(token.owner.time_zone or settings.TIME_ZONE)
    local = token.expires_at.astimezone(clock)
    return (local + timedelta(days=(now - token.created_at).days)).astimezone(UTC)
