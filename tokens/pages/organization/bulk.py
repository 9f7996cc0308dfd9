"""Revoking many tokens at once: the question, then batch after batch, each on a page that goes on by itself."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import Organization
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens import bulk, lifecycle
from tokens.bulk import Run, Selection
from tokens.forms import BulkRevokeForm

NAMED = 5


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def revoke(request: PersonRequest, organization: Organization) -> HttpResponse:
    """GET asks, with the count; POST with the count typed begins."""
    if request.method != "POST":
        now = timezone.now()
        selection = bulk.select(request.GET, organization=organization, user=request.user, now=now)
        return question(request, organization, selection, BulkRevokeForm(count=selection.count))
    chosen = bulk.read_selection(request.POST.get("selection", ""), organization=organization, user=request.user)
    if chosen is None or not chosen.count:
        return too_late(request, organization)
    form = BulkRevokeForm(request.POST, count=chosen.count)
    if not form.is_valid():
        return question(request, organization, chosen, form)
    event = form.save(actor=Actor.of(request), organization=organization, selection=chosen)
    return carry_on(request, organization, Run(chosen, event.pk, event.details.get("reason", "")))


@require_http_methods(["GET", "POST"])
@administrator_required
def progress(request: PersonRequest, organization: Organization) -> HttpResponse:
    """The next batch of a run that was confirmed after a recent sign-in: the signed text says so, for an hour."""
    if request.method != "POST":
        return redirect(organization)
    run = bulk.read_run(request.POST.get("run", ""), organization=organization, user=request.user)
    return carry_on(request, organization, run) if run else too_late(request, organization)


def carry_on(request: PersonRequest, organization: Organization, run: Run) -> HttpResponse:
    batch = run.next_batch(organization)
    if not batch:
        return done(request, organization, run)
    actor = Actor.of(request)
    revoked = lifecycle.revoke_many(
        actor=actor, organization=organization, ids=batch, reason=run.reason, event=run.event
    )
    run = run.after(batch, revoked)
    if len(batch) < bulk.BATCH:
        return done(request, organization, run)
    context = {"organization": organization, "section": "tokens", "run": run, "signed": bulk.sign(run)}
    return render(request, "organization/bulk_progress.html", context)


def done(request: PersonRequest, organization: Organization, run: Run) -> HttpResponse:
    """Counted in the audit log, which also knows of batches whose answer never arrived."""
    revoked = lifecycle.revoked_in(run.event, actor=Actor.of(request), organization=organization)
    context = {"revoked": revoked, "spared": run.selection.count - revoked, "reason": run.reason}
    return render(request, "organization/bulk_done.html", context | {"organization": organization, "section": "tokens"})


def question(
    request: PersonRequest, organization: Organization, selection: Selection, form: BulkRevokeForm
) -> HttpResponse:
    first = selection.tokens(organization).select_related("owner")[:NAMED]
    context = {
        "organization": organization,
        "section": "tokens",
        "selection": selection,
        "said": selection.in_words(organization),
        "first": first,
        "others": selection.count - min(selection.count, NAMED),
        "form": form,
        "signed": bulk.sign(selection),
    }
    return render(request, "organization/bulk_revoke.html", context)


def too_late(request: PersonRequest, organization: Organization) -> HttpResponse:
    messages.error(request, "This question is older than an hour or was not asked of you. Choose the tokens again.")
    return redirect(organization)
