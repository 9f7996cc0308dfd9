"""What befalls a seat, and a person as a whole: the only writer of who is switched off, and of what a license says.

Locks are taken in one order: license, organization, user. The organization's is the one under which its
administrators and its seats are counted; it lets go on who only refers to the organization.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.models import MOST_HOOKS, License, Organization, User
from accounts.models.license import LicenseQuerySet
from accounts.signals import license_deactivated, license_withdrawn, user_deactivated

EDITABLE = ("name", "role", "allowance", "valid_until")


class SeatRefused(Exception):
    """The act is not allowed; the text says why, for people, and `field` which answer of a form it is about.

    `code` is the word for programs.
    """

    def __init__(self, reason: str, *, field: str | None = None, code: str = "act_refused") -> None:
        super().__init__(reason)
        self.field = field
        self.code = code


@transaction.atomic
def give_license(license: License, *, actor: Actor) -> None:
    """Save a license that is new, if a seat is free for it."""
    check_role(license)
    if license.organization:
        check_free_seat(license.organization)
    check_open(User.objects.select_for_update(no_key=True).get(pk=license.user_id))
    license.save(force_insert=True)
    audit.record_on_license("license.created", license, actor=actor)


@transaction.atomic
def edit_license(license: License, *, actor: Actor, seen: str = "", **fields: Any) -> License:
    """Set the fields that differ, and say in the audit log what they were.

    `seen` is the version that the caller looked at, if they say so.
    """
    license = locked(license)
    if seen and seen != license.version:
        raise SeatRefused("The license was changed since you looked at it.", code="precondition_failed")
    changes = {name: [getattr(license, name), value] for name, value in fields.items()}
    changes = {name: [old, new] for name, (old, new) in changes.items() if old != new}
    if not changes:
        return license
    if license.is_withdrawn:
        raise SeatRefused("This license was withdrawn and cannot be changed.", code="license_withdrawn")
    for name in changes:
        assert name in EDITABLE, name  # noqa: S101
        setattr(license, name, changes[name][1])
    check_edit(license, changes, actor)
    if "role" in changes:
        check_others_govern(license, "demoted")
    if "valid_until" in changes:
        check_somebody_lasts(license)
    license.save(update_fields=list(changes))
    told = {name: [told_as(old), told_as(new)] for name, (old, new) in changes.items()}
    audit.record_on_license("license.edited", license, actor=actor, changes=told)
    return license


@transaction.atomic
def deactivate_license(license: License, *, actor: Actor) -> None:
    """Switch the seat off, end its holder's sessions and stop what hangs on it, all in one transaction."""
    license = locked(license)
    if license.is_deactivated:
        return
    if license.user == actor.user:
        raise SeatRefused("You cannot deactivate yourself.", code="yourself")
    check_others_govern(license, "deactivated")
    license.deactivated_at = timezone.now()
    license.save(update_fields=["deactivated_at"])
    end_sessions(license.user)
    license_deactivated.send(License, license=license, actor=actor)
    audit.record_on_license("member.deactivated", license, actor=actor)


@transaction.atomic
def reactivate_license(license: License, *, actor: Actor) -> None:
    """Bring the person back, not the tokens."""
    license = locked(license)
    if not license.is_deactivated:
        return
    if license.is_withdrawn:
        raise SeatRefused(
            "This license was withdrawn. Only a new invitation brings the person back.", code="license_withdrawn"
        )
    if license.organization:
        check_free_seat(license.organization)
        check_service_name(license)
    license.deactivated_at = None
    license.save(update_fields=["deactivated_at"])
    audit.record_on_license("member.reactivated", license, actor=actor)


@transaction.atomic
def withdraw_license(license: License, *, actor: Actor) -> None:
    """Take a license from its holder: what hangs on it stops, and nothing else of theirs."""
    license = locked(license)
    if license.is_withdrawn:
        return
    if license.user == actor.user:
        raise SeatRefused(
            "You cannot withdraw your own license. Leave the organization on My Profile instead.", code="yourself"
        )
    give_up(license, "license.withdrawn", actor)


@transaction.atomic
def leave(license: License, *, actor: Actor) -> None:
    """A person goes of their own accord: what hangs on that license stops, and nothing else of theirs."""
    license = locked(license)
    if license.is_withdrawn:
        return
    if license.user != actor.user or license.organization is None or license.is_deactivated:
        raise SeatRefused("This license cannot be left.")
    give_up(license, "member.left", actor)


@transaction.atomic
def deactivate_user(user: User, *, actor: Actor) -> None:
    """Switch a person off everywhere."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not user.is_active:
        return
    if user == actor.user:
        raise SeatRefused("You cannot deactivate yourself.", code="yourself")
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
    check_open(user)
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record_about_person("user.reactivated", user, actor=actor)


def locked(license: License) -> License:
    return License.objects.select_for_update(of=("self",)).select_related("user", "organization").get(pk=license.pk)


def lock(organization: Organization) -> Organization:
    """Not against rows that refer to it: tokens are issued and events written while a seat changes."""
    return Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)


def give_up(license: License, action: str, actor: Actor) -> None:
    check_others_govern(license, "removed")
    license.withdrawn_at = timezone.now()
    license.deactivated_at = license.deactivated_at or license.withdrawn_at
    license.save(update_fields=["withdrawn_at", "deactivated_at"])
    license_withdrawn.send(License, license=license, actor=actor)
    audit.record_on_license(action, license, actor=actor)


def check_edit(license: License, changes: dict[str, Any], actor: Actor) -> None:
    check_role(license)
    if "role" in changes and license.user == actor.user:
        raise SeatRefused("You cannot change your own role. Another administrator can.", field="role", code="yourself")
    if not 0 <= license.allowance <= MOST_HOOKS:
        raise SeatRefused(f"Between 0 and {MOST_HOOKS} hooks.", field="allowance")
    if "valid_until" in changes and license.has_ended(timezone.now()):
        raise SeatRefused("This day has passed. Deactivate the license instead.", field="valid_until")


def check_role(license: License) -> None:
    if license.is_administrator and license.user.is_service_account:
        raise SeatRefused("A service account cannot be an administrator.", field="role")
    if license.is_administrator and license.organization is None:
        raise SeatRefused("An individual license has no organization to administer.", field="role")


def check_open(user: User) -> None:
    if user.is_closed:
        raise SeatRefused("This account was closed by its owner, for good.")


def check_free_seat(organization: Organization) -> None:
    """Under the organization's lock, so that two cannot take the last one."""
    organization = lock(organization)
    if organization.seats is not None and organization.licenses.taken().count() >= organization.seats:
        raise SeatRefused(f"All {organization.seats} licenses of {organization} are taken.", code="seats_exhausted")


def check_service_name(license: License) -> None:
    """Two service accounts in force bear two names, or nobody could tell their tokens apart."""
    if license.user.is_service_account and License.objects.taken().exclude(pk=license.pk).filter(
        organization=license.organization, user__is_service_account=True, user__name__iexact=license.user.name
    ):
        raise SeatRefused(
            f"There is already a service account named {license.user.name}.", field="name", code="name_taken"
        )


def check_others_govern(license: License, fate: str) -> None:
    """Whoever governs nothing may always go; who governs, only while somebody else does too."""
    governs = License.objects.governing().filter(pk=license.pk).exists()
    if governs and not other_administrators(license).exists():
        field = "role" if fate == "demoted" else None
        raise SeatRefused(f"The last administrator cannot be {fate}.", field=field, code="last_administrator")


def check_somebody_lasts(license: License) -> None:
    """Whoever governs gets an end only while somebody else governs on after it."""
    if not license.is_administrator or license.valid_until is None:
        return
    lasting = Q(valid_until=None) | Q(valid_until__gt=license.valid_until)
    if not other_administrators(license).filter(lasting).exists():
        raise SeatRefused(
            "No other administrator would be left after that day.", field="valid_until", code="last_administrator"
        )


def other_administrators(license: License) -> LicenseQuerySet:
    """Those who could govern the organization without this license; under its lock, so that two cannot go at once."""
    assert license.organization is not None  # noqa: S101 - an administrator has one
    lock(license.organization)
    administrators = License.objects.governing().filter(organization=license.organization)
    return administrators.exclude(pk=license.pk)


def told_as(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def end_sessions(user: User) -> None:
    user.sessions_ended_at = timezone.now()
    user.save(update_fields=["sessions_ended_at"])
