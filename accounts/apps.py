from allauth.account import signals
from allauth.usersessions.apps import UserSessionsConfig
from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default = True

    def ready(self) -> None:
        from accounts import receivers  # noqa: F401 - importing connects them


class SessionListConfig(UserSessionsConfig):
    """django-allauth's list of sessions, kept by us: its own receivers would write the keys down."""

    def ready(self) -> None:
        from accounts import sessions

        for signal in (signals.user_logged_in, signals.password_set, signals.password_changed):
            signal.connect(sessions.note)
