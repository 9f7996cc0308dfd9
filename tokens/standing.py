"""How a token stands in an organization whose service asks about it.

A named token stands in the one that it hangs on, and its own state says everything. An account token hangs on a
person: it stands where its owner has a license in force, and has to keep to the policy there, which asks nothing of it
elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import License, Organization
from tokens import refusals, scopes
from tokens.authentication import check_policy
from tokens.models import Policy, Token
from tokens.refusals import Refused


@dataclass(frozen=True, slots=True)
class Standing:
    """`seat` is the license that counts; None for an account token that is asked about in no organization."""

    token: Token
    seat: License | None

    @property
    def organization(self) -> Organization | None:
        return self.seat.organization if self.seat else None

    @property
    def slug(self) -> str:
        return self.organization.slug if self.organization else ""

    @property
    def policy(self) -> Policy | None:
        return Policy.of(self.organization)

    @property
    def withheld(self) -> frozenset[str]:
        return self.policy.withheld_from(self.token.owner, self.seat) if self.policy and self.seat else frozenset()

    @property
    def scopes(self) -> frozenset[str]:
        """What it may do there."""
        return scopes.left_of(self.token.scopes, self.withheld)

    def check(self, *, now: datetime, address: str) -> None:
        """What the call itself was not asked: nobody can approve an account token, so it does not stand in for one."""
        if not self.token.is_account_token or self.seat is None or self.policy is None:
            return
        if self.policy.requires_approval and not self.seat.is_administrator:
            raise Refused(refusals.ORGANIZATION_DENIED, token=self.token)
        check_policy(self.token, self.policy, now=now, address=address)

    def require(self, scope: str) -> None:
        if not scopes.allows(self.token.scopes, scope):
            raise Refused(refusals.SCOPE_MISSING, token=self.token, scope=scope)
        if scopes.is_withheld(scope, self.withheld):
            raise Refused(refusals.PERMISSION_WITHHELD, token=self.token)


def anywhere(token: Token) -> Standing:
    return Standing(token, token.license)


def in_organization(token: Token, slug: str, *, now: datetime) -> Standing:
    """Raises Refused where the token does not count. Only an account token costs a query."""
    seat = token.license or seat_of(token, slug, now)
    standing = Standing(token, seat)
    if standing.slug != slug:
        raise Refused(refusals.ORGANIZATION_DENIED, token=token)
    return standing


def as_seen_by(caller: Token, token: Token, *, now: datetime, address: str) -> Standing:
    """How a token stands with the service whose own token asks. Raises Refused where that is not its business.

    A token of an organization asks about those that count there; one of no organization about its owner's on the same
    license. An account token asks about all of its owner's, and about named ones of organizations where it could ask
    itself, as the policy there has it; not about account tokens of others, for in which one would they be judged?
    """
    if caller.license and caller.license.organization:
        return in_organization(token, caller.license.organization.slug, now=now)
    is_reached = caller.is_account_token or token.license_id in {caller.license_id, None}
    if token.owner_id == caller.owner_id and is_reached:
        return anywhere(token)
    if caller.is_account_token and token.license and token.license.organization:
        own = in_organization(caller, token.license.organization.slug, now=now)
        own.check(now=now, address=address)
        own.require("introspect:read")
        return anywhere(token)
    raise Refused(refusals.ORGANIZATION_DENIED, token=token)


def seat_of(token: Token, slug: str, now: datetime) -> License | None:
    licenses = License.objects.in_force(now).filter(user=token.owner, organization__slug=slug)
    return licenses.select_related("organization__policy").first()
