"""API Tokens: every token of the organization."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import administrator_required
from accounts.models import License, Organization
from accounts.requests import PersonRequest
from config.choice import along
from config.keyset import count_of, page_of
from tokens.attention import imported
from tokens.filters import TokenFilter
from tokens.models import ENDED, Token

TOKENS_SHOWN = 25


@require_GET
@administrator_required
def tokens(request: PersonRequest, organization: Organization) -> HttpResponse:
    return tokens_page(request, organization)


def tokens_page(request: PersonRequest, organization: Organization, **dialog: Any) -> HttpResponse:
    """The list, and over it the dialog that `dialog` fills, if one is open."""
    filter = TokenFilter(request.GET, organization=organization)
    now = timezone.now()
    found = filter.apply(now)
    rows = found.rows.select_related("owner", "license__organization__policy", "revoked_by")
    order = filter.order
    page = page_of(rows, request.GET, order=order, size=TOKENS_SHOWN, count=found.count, asked=found.asked)
    context = {
        "now": now,
        "organization": organization,
        "filter": filter,
        "page": page,
        "may_revoke_all": filter.value("state") not in ENDED and (filter.is_active or page.count > TOKENS_SHOWN),
        "everything": urlencode({"everything": "", **filter.chosen}),
        "token_count": count_of(along("token_organization", Token.objects.of_organization(organization))),
        "imported_count": imported(now, organization).count_in(Token.objects.of_organization(organization)),
        "license_count": count_of(along("license_kept", License.objects.of_organization(organization).kept())),
        "section": "tokens",
    }
    return render(request, "organization/tokens.html", context | dialog)
