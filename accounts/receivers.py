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
from django.db.models import signals as model_signals
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts import audit, second_factor
from accounts.actor import SESSION_MARK, SYSTEM, Actor
from accounts.models import License, User


@receiver(auth_signals.user_logged_in)
def record_sign_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    request.session[SESSION_MARK] = get_random_string(22)
    audit.record("account.signed_in", actor=Actor.of(request, user), subject=user)


@receiver(auth_signals.user_logged_out)
def record_sign_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user:
        audit.record("account.signed_out", actor=Actor.of(request, user), subject=user)


@receiver(auth_signals.user_login_failed)
def record_failed_sign_in(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Only for people who exist: an event for every made-up address would let anybody fill the log."""
    if request is None:
        return
    email = credentials.get("email") or credentials.get("username") or ""
    user = User.objects.filter(email__iexact=email).first() if "\x00" not in email else None
    if user:
        actor = Actor.of(request)
        audit.record("account.sign_in_refused", actor=Actor(None, actor.address, actor.user_agent), subject=user)


@receiver([allauth_signals.password_changed, allauth_signals.password_set, allauth_signals.password_reset])
def record_new_password(request: HttpRequest, user: User, **kwargs: Any) -> None:
    user.password_changed_at = timezone.now()
    user.save(update_fields=["password_changed_at"])
    audit.record("account.password_changed", actor=Actor.of(request, user), subject=user)


@receiver(allauth_signals.email_changed)
def record_new_email(request: HttpRequest, user: User, from_email_address: Any = None, **kwargs: Any) -> None:
    """The first address of a new person is not a change."""
    if from_email_address is None:
        return
    audit.record("account.email_changed", actor=Actor.of(request, user), subject=user)


@receiver(allauth_signals.user_signed_up)
def welcome(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A new person gets an individual license, where the setting says so."""
    audit.record("account.signed_up", actor=Actor.of(request, user), subject=user)
    if settings.SIGN_UP_LICENSE:
        number = f"IN-{get_random_string(8, '0123456789')}"
        License.objects.create(user=user, name="Individual", number=number)


@receiver(model_signals.post_save, sender=Authenticator)
def record_new_factor(instance: Authenticator, created: bool, **kwargs: Any) -> None:
    """By the row itself: django-allauth tells of an app only after the commit. Whoever sets one up proves it."""
    if not created:
        return
    second_factor.settle(instance.user)
    actor = Actor.of(context.request) if context.request else SYSTEM
    if instance.type not in second_factor.FACTORS:
        audit.record("account.recovery_codes_made", actor=actor, subject=instance.user)
        return
    name = second_factor.name_of(instance)
    audit.record("account.second_factor_added", actor=actor, subject=instance.user, factor=name)
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
        audit.record("account.second_factor_removed", actor=Actor.of(request, user), subject=user, factor=name)


@receiver(factor_signals.authenticator_used)
def record_used_code(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Every use of a recovery code is told, in the log and in a letter: it may be a stranger's."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        return
    left = second_factor.codes_left(Authenticator.objects.get(pk=authenticator.pk))
    audit.record("account.recovery_code_used", actor=Actor.of(request, user), subject=user, left=left)
    get_adapter(request).send_notification_mail("mfa/email/recovery_code_used", user, {"left": left})


@receiver(factor_signals.authentication_failed)
def record_failed_code(request: HttpRequest, user: User, **kwargs: Any) -> None:
    actor = Actor.of(request)
    audit.record("account.second_factor_refused", actor=Actor(None, actor.address, actor.user_agent), subject=user)
