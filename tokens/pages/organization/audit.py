"""The audit log of an organization, and its exports."""

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import AuditEvent, Organization
from accounts.requests import PersonRequest
from config.keyset import page_of
from tokens import feed
from tokens.events import EVENTS_AT_ONCE, ORDER, WRITERS, AuditFilter

EVENTS_SHOWN = 50


@require_GET
@administrator_required
def audit_log(request: PersonRequest, organization: Organization) -> HttpResponse:
    filter = AuditFilter(request.GET)
    found = filter.choice(organization).out_of(AuditEvent.objects.of_organization(organization))
    events = found.rows.select_related("actor", "subject")
    page = page_of(events, request.GET, order=ORDER, size=EVENTS_SHOWN, count=found.count, asked=found.asked)
    context = {
        "organization": organization,
        "filter": filter,
        "page": page,
        "entries": feed.entries(page, reader=request.user, governs=True),
        "days": settings.AUDIT_DAYS,
        "section": "audit",
    }
    return render(request, "organization/audit.html", context)


@require_GET
@administrator_required
def export(request: PersonRequest, organization: Organization, format: str) -> HttpResponseBase:
    """All that the filter matches, oldest first, up to the event that tells of this export."""
    content_type, write = WRITERS[format]
    filter = AuditFilter(request.GET)
    told = audit.record(
        "audit.exported",
        actor=Actor.of(request),
        organization=organization,
        format=format,
        filter=filter.in_words,
    )
    events = (
        filter.choice(organization)
        .in_passing(AuditEvent.objects.of_chain(organization))
        .filter(position__lt=told.position)
    )
    found = events.select_related("actor", "subject").order_by("position").iterator(chunk_size=EVENTS_AT_ONCE)
    name = f"audit-{organization.slug}-{timezone.now():%Y-%m-%d}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(write(found), content_type=content_type, headers=headers)
