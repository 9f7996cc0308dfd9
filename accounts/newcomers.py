"""People whom an operator brings in from another system."""

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts import audit, numbers, seats
from accounts.actor import Actor
from accounts.invitations import NOT_A_MAILBOX
from accounts.models import License, Organization, User
from accounts.seats import SeatRefused

LICENSE_NAME = "Member"


@transaction.atomic
def bring_in(*, email: str, organization: Organization, actor: Actor) -> License:
    """A person without a password, and a member's license. Raises SeatRefused.

    The address counts as verified: the only way in is a letter to it, *Forgot your password*, which proves it anew.
    """
    email = email.lower()
    check_address(email)
    seats.check_free_seat(organization)
    person = User.objects.create_user(email)
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    license = License(user=person, organization=organization, name=LICENSE_NAME)
    numbers.save_with_number(license, organization)
    audit.record_about_person("user.created", person, actor=actor)
    audit.record_on_license("license.created", license, actor=actor)
    return license


def check_address(email: str) -> None:
    try:
        validate_email(email)
        User._meta.get_field("email").run_validators(email)
    except ValidationError:
        raise SeatRefused("its e-mail address is none") from None
    if email.endswith(NOT_A_MAILBOX):
        raise SeatRefused("nobody reads letters to its e-mail address")
    if User.objects.filter(email=email).exists() or EmailAddress.objects.filter(email__iexact=email).exists():
        raise SeatRefused("its e-mail address is another one's already")
