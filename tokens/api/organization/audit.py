"""The audit log of an organization, page by page or as a whole."""

import json
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from ninja import Query, Router

from accounts import audit
from accounts.actor import Actor
from accounts.models import AuditEvent, Organization
from config.choice import Choice
from tokens.api.organization.access import AdministratorCall, Slug, governs
from tokens.api.organization.schemas import AuditExportQuery, AuditPage, AuditQuery, AuditWords
from tokens.api.organization.words import understood
from tokens.api.paging import page
from tokens.events import EVENTS_AT_ONCE, ORDER, AuditFilter, as_json_lines, occurred

JSON_LINES = "application/jsonl"

router = Router(tags=["Audit log"])


@router.get(
    "/organization/{slug:slug}/audit",
    auth=governs("organization:read"),
    response=AuditPage,
    operation_id="list_audit_events",
    summary="List the events of an organization",
    description="Newest first.",
)
def list_audit_events(request: AdministratorCall, slug: Slug, query: Query[AuditQuery]) -> dict[str, Any]:
    found = choice(query, request.organization).out_of(AuditEvent.objects.of_organization(request.organization))
    events, cursor = page(found.rows.select_related("actor", "subject"), query, order=ORDER, asked=found.asked)
    return {"items": [json.loads(line) for line in as_json_lines(events)], "next": cursor}


@router.get(
    "/organization/{slug:slug}/audit/export",
    auth=governs("organization:read"),
    operation_id="export_audit_events",
    summary="Export the events of an organization",
    description="JSON Lines, oldest first, up to the event that tells of this export.",
    openapi_extra={
        "responses": {
            200: {
                "description": "One event a line, each like those of the list.",
                "content": {JSON_LINES: {"schema": {"type": "string"}}},
            }
        }
    },
)
def export_audit_events(
    request: AdministratorCall, slug: Slug, query: Query[AuditExportQuery]
) -> StreamingHttpResponse:
    organization = request.organization
    events = choice(query, organization).in_passing(AuditEvent.objects.of_chain(organization))
    found = events.select_related("actor", "subject")
    words = AuditFilter(query.model_dump(mode="json", include={"q", "action"}, exclude_none=True)).in_words
    moments = query.model_dump(mode="json", include={"since", "until"}, exclude_none=True)
    told = audit.record(
        "audit.exported",
        actor=Actor.of(request),
        organization=organization,
        format="jsonl",
        filter=words | moments,
    )
    rows = found.filter(position__lt=told.position).order_by("position").iterator(chunk_size=EVENTS_AT_ONCE)
    name = f"audit-{organization.slug}-{timezone.now():%Y-%m-%d}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(as_json_lines(rows), content_type=JSON_LINES, headers=headers)


def choice(words: AuditWords, organization: Organization) -> Choice:
    filter = understood(AuditFilter(words.model_dump(include={"q", "action"}, exclude_none=True)))
    return filter.choice(organization) & occurred(gte=words.since, lt=words.until)
