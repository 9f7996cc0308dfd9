"""What happens to tokens when something happens to people. Runs inside the transaction that tells of it."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.actor import Actor
from accounts.models import License, User
from accounts.signals import license_deactivated, license_withdrawn, user_deactivated
from tokens import lifecycle


@receiver(license_deactivated)
def stop_tokens_of_license(license: License, actor: Actor, **kwargs: Any) -> None:
    lifecycle.revoke_for_license(actor=actor, license=license)


@receiver(license_withdrawn)
def stop_tokens_on_withdrawn_license(license: License, actor: Actor, **kwargs: Any) -> None:
    lifecycle.revoke_on_license(actor=actor, license=license)


@receiver(user_deactivated)
def stop_tokens_of_user(user: User, actor: Actor, **kwargs: Any) -> None:
    lifecycle.revoke_for_user(actor=actor, owner=user)


@receiver(user_logged_out)
def stop_tokens_at_sign_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user:
        lifecycle.revoke_on_sign_out(actor=Actor.of(request, user), owner=user)
