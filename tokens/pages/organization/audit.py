"""The audit log of an organization."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.guards import administrator_required
from accounts.models import AuditEvent, Organization
from accounts.requests import PersonRequest
from tokens.pages import feed

EVENTS_SHOWN = 50


@require_GET
@administrator_required
def audit_log(request: PersonRequest, organization: Organization) -> HttpResponse:
    events = AuditEvent.objects.filter(organization=organization).select_related("actor", "subject").order_by("-pk")
    page = Paginator(events, EVENTS_SHOWN).get_page(request.GET.get("page"))
    context = {
        "organization": organization,
        "page": page,
        "entries": feed.entries(page, reader=request.user, governs=True),
        "section": "audit",
    }
    return render(request, "organization/audit.html", context)
