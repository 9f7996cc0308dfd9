"""Sessions in the database, each encrypted under a keyed digest of its key: who reads the database signs in with none.

Nor do they read what one holds: the key of a password reset, for instance, while its page is open.
"""

from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib.sessions.backends import db
from django.utils import timezone
from django.utils.crypto import salted_hmac

from config.environment import derived_key

LENGTH = 40  # of the columns that hold it, here and in django-allauth's list: 160 bits


def row_key(session_key: str | None) -> str:
    """Under which the row of a session stands; no row stands under that of none."""
    return salted_hmac("accounts.sessions", session_key or "", algorithm="sha256").hexdigest()[:LENGTH]


def fernet() -> Fernet:
    return Fernet(derived_key(settings.SECRET_KEY, "sessions"))


class SessionStore(db.SessionStore):
    """`session_key` is what the browser holds, as everywhere in Django. Pages are synchronous, and so is this."""

    def _get_session_from_db(self) -> Any:
        found = self.model.objects.filter(session_key=row_key(self.session_key), expire_date__gt=timezone.now()).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(row_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = row_key(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(row_key(key))

    def encode(self, session_dict: dict[str, Any]) -> str:
        return fernet().encrypt(super().encode(session_dict).encode()).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        try:
            return super().decode(fernet().decrypt(session_data).decode())
        except InvalidToken:
            return {}


def content_of(row: Any) -> dict[str, Any]:
    """What a row of Django's table holds."""
    return SessionStore().decode(row.session_data)
