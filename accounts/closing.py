"""Closing an account: its owner goes for good, and what it says of a person goes with them.

The row stays, because the audit log refers to it. Locks: invitation, license, organization, user, what hangs on them,
chains last.
"""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts import audit, invitations, letters, seats, sessions
from accounts.actor import Actor
from accounts.models import Invitation, License, Organization, User
from accounts.models.user import CLOSED
from accounts.seats import SeatRefused
from accounts.signals import user_deactivated


@transaction.atomic
def close(user: User, *, actor: Actor) -> None:
    """Stop everything of a person, give their licenses back and forget who they were. Raises SeatRefused."""
    waiting = locked_invitations(user)
    licenses = locked_licenses(user)
    user = locked_person(user)
    if user.is_closed:
        return
    if found := hindrances(user):
        raise SeatRefused(" ".join(found))
    if user.licenses.kept().count() > len(licenses):
        raise SeatRefused("A license was given to you just now. Look again at what stops.")
    email, time_zone = user.email, user.time_zone
    user.is_active = False
    user.save(update_fields=["is_active"])
    user_deactivated.send(User, user=user, actor=actor)
    audit.lock_chains_of(user)
    audit.record_about_person("account.closed", user, actor=actor)
    for invitation in waiting:
        invitations.withdraw(invitation, actor=actor)
    for license in licenses:
        license.user = user
        seats.give_up(license, "member.left" if license.organization else "license.withdrawn", actor)
    forget(user)
    letters.after_commit(lambda: letters.send("accounts/email/closed", email, time_zone=time_zone))


def hindrances(user: User) -> list[str]:
    """What somebody has to do before the account can be closed, in sentences."""
    if user.is_service_account:
        return ["A service account belongs to its organization, whose administrators withdraw it."]
    governed = Organization.objects.administered_by(user)
    found = [
        f"You are the last administrator of {organization}. Make another member an administrator, or invite one, first."
        for organization in governed
        if not License.objects.governing().filter(organization=organization).exclude(user=user).exists()
    ]
    if user.is_superuser and not operators().exclude(pk=user.pk).exists():
        found.append("You are the last operator of this site. Make another person a superuser first.")
    return found


def operators() -> QuerySet[User]:
    return User.objects.filter(is_superuser=True, is_staff=True, is_active=True)


def locked_invitations(user: User) -> list[Invitation]:
    """Those they sent and those they got. Whoever joins holds the same lock, so none is accepted meanwhile."""
    theirs = Invitation.objects.waiting().filter(invited_by=user) | Invitation.objects.waiting().addressed_to(user)
    return list(theirs.order_by("pk").select_for_update(of=("self",)))


def locked_licenses(user: User) -> list[License]:
    """With the organizations that they govern, so that of two administrators only one can go."""
    found = License.objects.kept().filter(user=user).select_related("organization").order_by("pk")
    licenses = list(found.select_for_update(of=("self",)))
    for organization in Organization.objects.administered_by(user).order_by("pk"):
        seats.lock(organization)
    return licenses


def locked_person(user: User) -> User:
    """An operator together with all the others, for the same reason."""
    people = User.objects.filter(pk=user.pk)
    if user.is_superuser:
        people |= operators()
    return next(one for one in people.order_by("pk").select_for_update(no_key=True) if one.pk == user.pk)


def forget(user: User) -> None:
    """Everything that says who it was. What the audit log says, it keeps until it is pruned."""
    nobody = f"closed-{get_random_string(20).lower()}@closed.invalid"
    received = Invitation.objects.filter(license__user=user) | Invitation.objects.all().addressed_to(user)
    past = received.exclude(accepted_at=None, withdrawn_at=None)
    Invitation.objects.filter(pk__in=list(past.values_list("pk", flat=True))).update(email=nobody)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    sessions.drop(UserSession.objects.filter(user=user))
    people = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=people, object_id=str(user.pk)).update(object_repr=CLOSED)
    user.groups.clear()
    user.user_permissions.clear()
    user.closed_at = user.sessions_ended_at = timezone.now()
    user.name, user.email, user.time_zone, user.wants_alerts = "", nobody, "", False
    user.is_staff = user.is_superuser = False
    user.last_login = user.password_changed_at = user.second_factor_at = None
    user.set_unusable_password()
    user.save()
