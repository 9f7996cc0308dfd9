"""Service accounts: an organization's own, so that tokens survive people leaving. Nobody signs in with one."""

from django.db import transaction
from django.utils.crypto import get_random_string

from accounts import audit, numbers, seats
from accounts.actor import Actor
from accounts.models import License, Organization, User

LICENSE_NAME = "Service account"


@transaction.atomic
def create(*, organization: Organization, name: str, actor: Actor) -> License:
    """The account and its license, with hooks of its own. Raises SeatRefused where no seat or the name is not free."""
    seats.check_free_seat(organization)
    user = User(name=name, email=made_up_address(organization), is_service_account=True, wants_alerts=False)
    user.set_unusable_password()
    license = License(user=user, organization=organization, name=LICENSE_NAME)
    seats.check_service_name(license)
    user.save(force_insert=True)
    numbers.save_with_number(license, organization)
    audit.record_on_license("service_account.created", license, actor=actor)
    return license


def check_new_name(account: User, name: str) -> None:
    """Under the lock of its organization, which keeps off who would give the name to another one meanwhile."""
    for license in account.licenses.select_related("organization"):
        if license.organization:
            seats.lock(license.organization)
        license.user = User(pk=account.pk, name=name, is_service_account=True)
        seats.check_service_name(license)


def made_up_address(organization: Organization) -> str:
    """Of a domain that can never receive mail (RFC 2606), because every user has an address."""
    return f"{get_random_string(20).lower()}@{organization.slug}.service.invalid".lower()
