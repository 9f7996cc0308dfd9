"""The encrypted copy of an account token, kept only where ACCOUNT_TOKEN_REVEAL=recent-sign-in.

MultiFernet: the first of ACCOUNT_TOKEN_KEYS encrypts, all decrypt. The keys come from the environment and are never
in the database.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from tokens.format import Plaintext


def is_enabled() -> bool:
    return settings.ACCOUNT_TOKEN_REVEAL != "never"


def seal(text: Plaintext) -> bytes | None:
    return fernet().encrypt(text.encode("ascii")) if is_enabled() else None


def unseal(sealed: bytes | memoryview | None) -> Plaintext | None:
    """None where nothing was kept, revealing is switched off, or the key is gone."""
    if not sealed or not is_enabled():
        return None
    try:
        return Plaintext(fernet().decrypt(bytes(sealed)).decode("ascii"))
    except InvalidToken:
        return None


def fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ACCOUNT_TOKEN_KEYS])
