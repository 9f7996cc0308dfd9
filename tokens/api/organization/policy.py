"""Policy: what every token of an organization has to keep to, with a look ahead at what a change would do."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from ninja import Router

from accounts.actor import Actor
from tokens import lifecycle, scopes
from tokens.api.conditions import NeededIfMatch, tag, version_needed
from tokens.api.errors import Unprocessable
from tokens.api.organization.access import AdministratorCall, Slug, governs
from tokens.api.organization.schemas import EffectView, PolicyPatch, PolicyView
from tokens.api.schemas import Problem
from tokens.lifecycle import Effect
from tokens.models import Policy

router = Router(tags=["Policy"])


@router.get(
    "/organization/{slug:slug}/policy",
    auth=governs("organization:read"),
    response=PolicyView,
    operation_id="read_policy",
    summary="Read the policy of an organization",
)
def read_policy(request: AdministratorCall, response: HttpResponse, slug: Slug) -> dict[str, Any]:
    return shown(lifecycle.policy_of(request.organization), response)


@router.post(
    "/organization/{slug:slug}/policy/preview",
    auth=governs("organization:write"),
    response=EffectView,
    operation_id="preview_policy",
    summary="See what other rules would do",
    description="Changes nothing.",
)
def preview_policy(request: AdministratorCall, slug: Slug, patch: PolicyPatch) -> Effect:
    return lifecycle.effect_of(organization=request.organization, **rules(patch))


@router.patch(
    "/organization/{slug:slug}/policy",
    auth=governs("organization:write"),
    response={200: PolicyView, 412: Problem, 428: Problem},
    operation_id="edit_policy",
    summary="Change the policy of an organization",
    description="In force from the next call on. Tightening blocks tokens, loosening brings them back.",
)
def edit_policy(
    request: AdministratorCall, response: HttpResponse, slug: Slug, patch: PolicyPatch, if_match: NeededIfMatch
) -> dict[str, Any]:
    organization = request.organization
    seen = version_needed(lifecycle.policy_of(organization), if_match)
    changed = lifecycle.change_policy(actor=Actor.of(request), organization=organization, seen=seen, **rules(patch))
    return shown(changed, response)


def shown(policy: Policy, response: HttpResponse) -> dict[str, Any]:
    tag(policy, response)
    return {
        "lifetime_days": policy.lifetime_days,
        "requires_expiry": policy.requires_expiry,
        "allowed_networks": policy.allowed_networks,
        "revokes_on_sign_out": policy.revokes_on_sign_out,
        "requires_second_factor": policy.requires_second_factor,
        "idle_days": policy.idle_days,
        "withheld_scopes": sorted(policy.withheld),
        "requires_approval": policy.requires_approval,
        "changed_at": policy.changed_at,
        "changed_by": policy.changed_by.display_name if policy.changed_by else None,
    }


def rules(patch: PolicyPatch) -> dict[str, Any]:
    """In the words of the domain; only those that were sent."""
    given = patch.given
    for name, rule in (("lifetime_days", "lifetime"), ("idle_days", "idle_after")):
        if name in given:
            number = given.pop(name)
            given[rule] = timedelta(days=number) if number else None
    if "allowed_networks" in given:
        given["allowed_networks"] = list(dict.fromkeys(given["allowed_networks"]))
    if "withheld_scopes" in given:
        given["withheld_scope"] = lowest(given.pop("withheld_scopes"))
    return given


def lowest(withheld: list[str]) -> str:
    """Who withholds reading withholds writing, which is not said again."""
    for number, scope in enumerate(withheld):
        if not scopes.is_scope(scope):
            raise Unprocessable(f"/withheld_scopes/{number}", f"There is no permission {scope}.")
    reading = frozenset(scope for scope in withheld if scope.endswith(f":{scopes.READ}"))
    return scopes.join(reading.union(scope for scope in withheld if not scopes.is_withheld(scope, reading)))
