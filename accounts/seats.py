"""What an administrator does to a seat, and a site operator to a person: the only writer of who is switched off."""

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.models import License, Organization, User
from accounts.models.license import LicenseQuerySet
from accounts.signals import license_deactivated, user_deactivated


class SeatRefused(Exception):
    """The act is not allowed; the text says why, for people."""


@transaction.atomic
def deactivate_license(license: License, *, actor: Actor) -> None:
    """Switch the seat off, end its holder's sessions and stop what hangs on it, all in one transaction."""
    license = License.objects.select_for_update(of=("self",)).select_related("user", "organization").get(pk=license.pk)
    if license.is_deactivated:
        return
    if license.user == actor.user:
        raise SeatRefused("You cannot deactivate yourself.")
    if license.is_administrator and not other_administrators(license).exists():
        raise SeatRefused("The last administrator cannot be deactivated.")
    license.deactivated_at = timezone.now()
    license.save(update_fields=["deactivated_at"])
    end_sessions(license.user)
    license_deactivated.send(License, license=license, actor=actor)
    audit.record_on_license("member.deactivated", license, actor=actor)


@transaction.atomic
def reactivate_license(license: License, *, actor: Actor) -> None:
    """Bring the person back, not the tokens."""
    license = License.objects.select_for_update(of=("self",)).select_related("user", "organization").get(pk=license.pk)
    if not license.is_deactivated:
        return
    license.deactivated_at = None
    license.save(update_fields=["deactivated_at"])
    audit.record_on_license("member.reactivated", license, actor=actor)


@transaction.atomic
def deactivate_user(user: User, *, actor: Actor) -> None:
    """Switch a person off everywhere."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not user.is_active:
        return
    if user == actor.user:
        raise SeatRefused("You cannot deactivate yourself.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user)
    user_deactivated.send(User, user=user, actor=actor)
    audit.record_about_person("user.deactivated", user, actor=actor)


@transaction.atomic
def reactivate_user(user: User, *, actor: Actor) -> None:
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.is_active:
        return
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record_about_person("user.reactivated", user, actor=actor)


def other_administrators(license: License) -> LicenseQuerySet:
    """Those who could govern the organization without this license; under its lock, so that two cannot go at once."""
    Organization.objects.select_for_update(no_key=True).get(licenses=license)
    administrators = License.objects.in_force().administrators().filter(organization=license.organization)
    return administrators.exclude(pk=license.pk)


def end_sessions(user: User) -> None:
    user.sessions_ended_at = timezone.now()
    user.save(update_fields=["sessions_ended_at"])
