"""License numbers: unique, and readable over the telephone."""

from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string

from accounts.models import License, Organization

DIGITS = (5, 5, 5, 5, 8, 8, 12)


def save_with_number(license: License, organization: Organization) -> None:
    """Two letters of the organization and some digits, such as ME-20419; more of them where those are taken."""
    letters = ("".join(filter(str.isalpha, organization.slug)) + "OR")[:2].upper()
    for count in DIGITS:
        license.number = f"{letters}-{get_random_string(count, '0123456789')}"
        if License.objects.filter(number=license.number).exists():
            continue
        try:
            with transaction.atomic():
                license.save(force_insert=True)
        except IntegrityError:
            if not License.objects.filter(number=license.number).exists():
                raise
        else:
            return
    raise RuntimeError("No free number was found for a license.")
