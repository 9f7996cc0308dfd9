"""Which organizations ask a person for two-factor, and how many tokens hang on it."""

from collections import Counter
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import License, Organization, User
from tokens.models import Token


@dataclass(frozen=True, slots=True)
class Demand:
    organization: Organization
    tokens: int


def demands_of(person: User) -> list[Demand]:
    """One query where nobody asks, two where somebody does."""
    now = timezone.now()
    asking = License.objects.filter(user=person, organization__policy__requires_second_factor=True).in_force(now)
    licenses = list(asking.select_related("organization").in_order())
    if not licenses:
        return []
    living = Token.objects.living(now).filter(license__in=licenses, owner=person)
    counts = Counter(living.order_by().values_list("license", flat=True))
    return [Demand(license.organization, counts[license.pk]) for license in licenses if license.organization]
