"""Who may be signed in at all, by a password or by an open session."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend


class PeopleBackend(AuthenticationBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        return not user.is_service_account and super().user_can_authenticate(user)
