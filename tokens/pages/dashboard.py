"""Dashboard, Overview: the first step on the way of a click."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import AuditEvent, License, Organization
from accounts.requests import PersonRequest
from config.choice import along
from config.context import administered
from config.keyset import count_of
from tokens import feed
from tokens.attention import findings
from tokens.charts import chart_of
from tokens.models import Token
from tokens.racks import racks_of

ACTIVITY_SHOWN = 6
FINDINGS_SHOWN = 6


@login_required
def overview(request: PersonRequest) -> HttpResponse:
    now = timezone.now()
    racks = racks_of(request.user, now)
    own = Token.objects.filter(owner=request.user)
    events = AuditEvent.objects.select_related("actor", "subject").latest_about(request.user, ACTIVITY_SHOWN)
    organizations = administered(request)
    members = along("license_role", License.objects.filter(organization__among=organizations))
    tokens = along("token_organization", Token.objects.filter(organization__among=organizations))
    context = {
        "now": now,
        "organizations": Organization.objects.of_member(request.user),
        "racks": racks,
        "findings": findings(own.named(), now, most=FINDINGS_SHOWN),
        "chart": chart_of(own.only("pk"), now.date()),
        "stopped": [rack.license for rack in racks if not rack.license.is_in_force(now)],
        "activity": feed.entries(events, reader=request.user),
        "member_count": count_of(members) if organizations else 0,
        "token_count": count_of(tokens) if organizations else 0,
    }
    return render(request, "dashboard/overview.html", context)
