"""Sign-ins and changes of the account, written into the audit log as django-allauth and Django announce them."""

from typing import Any

from allauth.account import signals as allauth_signals
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import signals as auth_signals
from django.db import transaction
from django.db.models import signals as model_signals
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts import audit, devices, second_factor, sessions
from accounts.actor import SESSION_MARK, SYSTEM, Actor
from accounts.models import AuditEvent, License, User


@receiver(auth_signals.user_logged_in)
def record_sign_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    request.session[SESSION_MARK] = get_random_string(22)
    sessions.begin(request)
    is_new = devices.remember(request, user.email)
    if is_new and AuditEvent.objects.filter(subject=user, action="account.signed_in").exists():
        get_adapter(request).send_notification_mail("account/email/new_device", user)
    audit.record_about_person("account.signed_in", user, actor=Actor.of(request, user), new_device=is_new)


@receiver(allauth_signals.authentication_step_completed)
def rename_confirmed_session(request: HttpRequest, reauthenticated: bool = False, **kwargs: Any) -> None:
    if reauthenticated:
        sessions.rename(request)


@receiver(auth_signals.user_logged_out)
def record_sign_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user:
        audit.record_about_person("account.signed_out", user, actor=Actor.of(request, user))


@receiver(auth_signals.user_login_failed)
def record_failed_sign_in(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Only for people who exist: an event for every made-up address would let anybody fill the log."""
    if request is None:
        return
    email = credentials.get("email") or credentials.get("username") or ""
    user = User.objects.filter(email__iexact=email).first() if "\x00" not in email else None
    if user:
        actor = Actor.of(request)
        nobody = Actor(None, actor.address, actor.user_agent)
        audit.record_about_person("account.sign_in_refused", user, actor=nobody)


@receiver([allauth_signals.password_changed, allauth_signals.password_set, allauth_signals.password_reset])
@transaction.atomic
def record_new_password(request: HttpRequest, user: User, **kwargs: Any) -> None:
    user.password_changed_at = timezone.now()
    user.save(update_fields=["password_changed_at"])
    if request.user == user:
        devices.remember(request, user.email)
    audit.record_about_person("account.password_changed", user, actor=Actor.of(request, user))


@receiver(allauth_signals.email_changed)
def record_new_email(
    request: HttpRequest, user: User, to_email_address: Any, from_email_address: Any = None, **kwargs: Any
) -> None:
    """The first address of a new person is not a change."""
    if from_email_address is None:
        return
    changes = {"email": [from_email_address.email, to_email_address.email]}
    audit.record_about_person("account.email_changed", user, actor=Actor.of(request, user), changes=changes)


@receiver(allauth_signals.user_signed_up)
def welcome(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A new person gets an individual license, where the setting says so."""
    if settings.SIGN_UP_LICENSE:
        number = f"IN-{get_random_string(8, '0123456789')}"
        License.objects.create(user=user, name="Individual", number=number)
    audit.record_about_person("account.signed_up", user, actor=Actor.of(request, user))


@receiver(model_signals.post_save, sender=Authenticator)
def record_new_factor(instance: Authenticator, created: bool, **kwargs: Any) -> None:
    """By the row itself: django-allauth tells of an app only after the commit. Whoever sets one up proves it."""
    if not created:
        return
    second_factor.settle(instance.user)
    actor = Actor.of(context.request) if context.request else SYSTEM
    if instance.type not in second_factor.FACTORS:
        audit.record_about_person("account.recovery_codes_made", instance.user, actor=actor)
        return
    name = second_factor.name_of(instance)
    audit.record_about_person("account.second_factor_added", instance.user, actor=actor, factor=name)
    if context.request and context.request.user == instance.user:
        context.request.user.second_factor_at = instance.user.second_factor_at
        record_authentication(
            context.request, instance.user, "mfa", id=instance.pk, type=instance.type, reauthenticated=True
        )


@receiver(model_signals.post_delete, sender=Authenticator)
def settle_gone_factor(instance: Authenticator, **kwargs: Any) -> None:
    second_factor.settle(instance.user)


@receiver(factor_signals.authenticator_removed)
def record_gone_factor(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Recovery codes go with the last factor, which is the one to tell of."""
    if authenticator.type in second_factor.FACTORS:
        name = second_factor.name_of(authenticator)
        audit.record_about_person("account.second_factor_removed", user, actor=Actor.of(request, user), factor=name)


@receiver(factor_signals.authenticator_used)
def record_used_code(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Every use of a recovery code is told, in the log and in a letter: it may be a stranger's."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        return
    left = second_factor.codes_left(Authenticator.objects.get(pk=authenticator.pk))
    audit.record_about_person("account.recovery_code_used", user, actor=Actor.of(request, user), left=left)
    get_adapter(request).send_notification_mail("mfa/email/recovery_code_used", user, {"left": left})


@receiver(factor_signals.authentication_failed)
def record_failed_code(request: HttpRequest, user: User, **kwargs: Any) -> None:
    actor = Actor.of(request)
    nobody = Actor(None, actor.address, actor.user_agent)
    audit.record_about_person("account.second_factor_refused", user, actor=nobody)
