"""Revoking many tokens at once, a bounded number of them a call."""

from typing import Any

from django.http import QueryDict
from django.utils import timezone
from ninja import Router

from accounts.actor import Actor
from tokens import bulk, lifecycle
from tokens.api.errors import CountDiffers, Unprocessable
from tokens.api.organization.access import AdministratorCall, Slug, governs
from tokens.api.organization.schemas import BulkProgress, BulkRevocation
from tokens.api.organization.words import token_filter
from tokens.api.schemas import Problem
from tokens.bulk import Run, Selection

WAYS = ("ids", "filter", "run")

router = Router(tags=["Tokens of an organization"])


@router.post(
    "/organization/{slug:slug}/tokens/revoke",
    auth=governs("organization:write"),
    response={200: BulkProgress, 409: Problem},
    operation_id="revoke_organization_tokens",
    summary="Stop many tokens of an organization",
    description=f"At most {bulk.BATCH} a call: send `run` back until there is none. By `filter`, the `count` that you "
    "expect goes along; 409 `count_differs` says how many match where it is another one, and nothing is revoked. "
    "Tokens that are made or changed meanwhile are left alone, and so is the calling token.",
)
def revoke_organization_tokens(request: AdministratorCall, slug: Slug, revocation: BulkRevocation) -> dict[str, Any]:
    check_ways(revocation)
    run = continued(request, revocation.run) if revocation.run is not None else begun(request, revocation)
    if run is None:
        return {"chosen": 0, "revoked": 0, "left": 0, "run": None, "event": None}
    actor, organization = Actor.of(request), request.organization
    batch = run.next_batch(organization)
    if batch:
        revoked = lifecycle.revoke_many(
            actor=actor, organization=organization, ids=batch, reason=run.reason, event=run.event
        )
        run = run.after(batch, revoked)
    left = run.left(organization) if len(batch) == bulk.BATCH else 0
    return {
        "chosen": run.selection.count,
        "revoked": run.revoked if left else lifecycle.revoked_in(run.event, actor=actor, organization=organization),
        "left": left,
        "run": bulk.sign(run) if left else None,
        "event": run.event,
    }


def check_ways(revocation: BulkRevocation) -> None:
    said = [name for name in WAYS if getattr(revocation, name) is not None]
    if len(said) != 1:
        raise Unprocessable(f"/{said[-1]}" if said else "/ids", "Say one of ids, filter and run.")
    if revocation.filter is not None and revocation.count is None:
        raise Unprocessable("/count", "Say how many tokens you expect the filter to choose.")
    if revocation.filter is None and revocation.count is not None:
        raise Unprocessable("/count", "It goes with a filter only.")
    if revocation.run is not None and revocation.reason is not None:
        raise Unprocessable("/reason", "It was said when the run began.")


def continued(request: AdministratorCall, text: str) -> Run:
    run = bulk.read_run(text, organization=request.organization, user=request.user)
    if run is None:
        raise Unprocessable("/run", "This is no run of yours here, or it began more than an hour ago.")
    if run.selection.spared != request.token.pk:
        raise Unprocessable("/run", "Another token began this run, and would be spared instead of the calling one.")
    return run


def begun(request: AdministratorCall, revocation: BulkRevocation) -> Run | None:
    """None where nothing was chosen that could be revoked."""
    organization, reason = request.organization, revocation.reason or ""
    selection = selected(request, revocation)
    if revocation.count is not None and revocation.count != selection.count:
        raise CountDiffers(selection.count)
    if not selection.count:
        return None
    event = lifecycle.begin_revoking(
        actor=Actor.of(request),
        organization=organization,
        key=selection.key,
        chosen=selection.in_words(organization),
        count=selection.count,
        reason=reason,
    )
    return Run(selection, event.pk, reason)


def selected(request: AdministratorCall, revocation: BulkRevocation) -> Selection:
    asked = QueryDict(mutable=True)
    if revocation.filter is not None:
        asked.update(token_filter(request.organization, revocation.filter, at="/filter").chosen)
        asked["everything"] = ""
    else:
        asked.setlist("token", [str(key) for key in revocation.ids or []])
    return bulk.select(
        asked, organization=request.organization, user=request.user, now=timezone.now(), spared=request.token.pk
    )
