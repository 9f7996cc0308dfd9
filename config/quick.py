"""Django's settings on the way of a call, where each look at the lazy object costs more than what it is asked for."""

from typing import Any

from django.conf import settings as lazy
from django.core.signals import setting_changed
from django.dispatch import receiver


class Settings:
    """A setting is asked for once and then an attribute like any other. What a test overrides is asked for anew."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(lazy, name)
        self.__dict__[name] = value
        return value


settings = Settings()


@receiver(setting_changed)
def forget(*, setting: str, **_: Any) -> None:
    settings.__dict__.pop(setting, None)
