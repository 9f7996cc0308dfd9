"""Which tokens of an organization some words mean."""

from django.db.models import Q

from accounts.address import canonical
from accounts.models import License, Organization
from config.choice import BY_KEY, Choice, Range, along
from tokens.models.usage import TokenAddress


def choice(words: str, organization: Organization) -> Choice:
    """By an address they were used from, or by name, hint, person or license."""
    if not words:
        return Choice()
    if address := canonical(words):
        seen = along("tokenaddress_address", TokenAddress.objects.filter(address=address))
        return Choice([Range(BY_KEY, Q(pk__in=seen.values("token")))])
    licenses = License.objects.filter(organization=organization).matching(words)
    by_hint = Q(hint__icontains=words.replace("...", "…"))
    return Choice(
        [
            Range("token_organization_name", Q(name__icontains=words) | by_hint),
            Range("token_license", Q(license__in=licenses.values("pk"))),
        ]
    )
