"""Which tokens of an organization some words mean."""

from django.db.models import Q

from accounts.address import canonical
from accounts.models import License, Organization
from config.choice import Choice
from tokens.models.usage import TokenAddress


def choice(words: str, organization: Organization) -> Choice:
    """By an address they were used from, or by name, hint, person or license."""
    if not words:
        return Choice()
    if address := canonical(words):
        return Choice([Q(pk__in=TokenAddress.objects.filter(address=address).values("token"))])
    licenses = License.objects.filter(organization=organization).matching(words)
    by_hint = Q(hint__icontains=words.replace("...", "…"))
    return Choice([Q(name__icontains=words), by_hint, Q(license__in=licenses.values("pk"))])
