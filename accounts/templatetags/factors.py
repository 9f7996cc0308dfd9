"""A person's second factors, for the section on Security Settings: one query."""

from dataclasses import dataclass, field

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from django import template

from accounts import second_factor
from accounts.models import User

register = template.Library()

FEW = 3


@dataclass(slots=True)
class Factors:
    app: Authenticator | None = None
    passkeys: list[Authenticator] = field(default_factory=list)
    codes: Authenticator | None = None
    codes_in_all: int = app_settings.RECOVERY_CODE_COUNT

    @property
    def is_on(self) -> bool:
        return bool(self.app or self.passkeys)

    @property
    def codes_left(self) -> int:
        return second_factor.codes_left(self.codes) if self.codes else 0

    @property
    def are_codes_few(self) -> bool:
        return self.is_on and self.codes_left <= FEW

    @property
    def are_codes_unseen(self) -> bool:
        return bool(self.codes and "viewed_at" not in self.codes.data)


@register.simple_tag
def factors_of(person: User) -> Factors:
    factors = Factors()
    for factor in Authenticator.objects.filter(user=person).order_by("pk"):
        if factor.type == Authenticator.Type.TOTP:
            factors.app = factor
        elif factor.type == Authenticator.Type.WEBAUTHN:
            factors.passkeys.append(factor)
        else:
            factors.codes = factor
    return factors
