"""Who may speak for an organization: whoever administers it now, through a token that reaches it."""

from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path

from accounts.address import client_address
from accounts.models import Organization
from accounts.models.organization import OrganizationQuerySet
from tokens.api.authorization import needs
from tokens.authentication import check_policy
from tokens.models import Policy, Token
from tokens.requests import CallRequest

Slug = Annotated[
    str,
    Path(..., description="The organization's name in addresses.", pattern="^[-a-zA-Z0-9_]+$", example="meridian"),
]


class AdministratorCall(CallRequest):
    """A call for an organization that the token's owner administers."""

    organization: Organization


class governs(needs):  # noqa: N801 - reads as a word: auth=governs("organization:write")
    """For ninja's `auth`, before anything else of the call is read: 404 to who does not govern the organization."""

    def __call__(self, request: HttpRequest) -> Token:
        token = super().__call__(request)
        assert request.resolver_match is not None  # noqa: S101 - an address has led here
        slug = request.resolver_match.kwargs["slug"]
        organization = get_object_or_404(administered(token).select_related("policy"), slug=slug)
        address = client_address(request)
        check_policy(token, Policy.of(organization), now=timezone.now(), address=address)
        request.organization = organization  # type: ignore[attr-defined]
        return token


def administered(token: Token) -> OrganizationQuerySet:
    """A named token acts within the organization of its own license, whatever else its owner administers."""
    organizations = Organization.objects.administered_by(token.owner)
    return organizations.filter(licenses=token.license) if token.license else organizations
