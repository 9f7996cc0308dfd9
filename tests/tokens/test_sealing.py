"""The encrypted copy of an account token."""

import pytest
from cryptography.fernet import Fernet

from tokens import sealing
from tokens.format import Plaintext

TEXT = Plaintext("trk_" + "a" * 46)
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def sealing_on(settings) -> None:
    settings.ACCOUNT_TOKEN_REVEAL = "recent-sign-in"
    settings.ACCOUNT_TOKEN_KEYS = [OLD]


def test_what_is_sealed_can_be_unsealed_and_is_a_plaintext_again() -> None:
    unsealed = sealing.unseal(sealing.seal(TEXT))

    assert unsealed == TEXT
    assert isinstance(unsealed, Plaintext)


def test_what_is_sealed_does_not_show_the_text() -> None:
    sealed = sealing.seal(TEXT)

    assert sealed is not None
    assert TEXT.encode() not in sealed
    assert sealing.seal(TEXT) != sealed


def test_a_copy_from_the_database_may_be_a_memoryview() -> None:
    sealed = sealing.seal(TEXT)

    assert sealing.unseal(memoryview(sealed)) == TEXT  # type: ignore[arg-type]


def test_a_copy_under_an_older_key_is_still_read_and_new_ones_use_the_first_key(settings) -> None:
    sealed = sealing.seal(TEXT)

    settings.ACCOUNT_TOKEN_KEYS = [NEW, OLD]

    assert sealing.unseal(sealed) == TEXT
    assert Fernet(NEW).decrypt(sealing.seal(TEXT)) == TEXT.encode()


def test_nothing_is_sealed_where_the_setting_says_never(settings) -> None:
    sealed = sealing.seal(TEXT)

    settings.ACCOUNT_TOKEN_REVEAL = "never"

    assert sealing.seal(TEXT) is None
    assert sealing.unseal(sealed) is None


def test_a_copy_whose_key_is_gone_is_no_copy(settings) -> None:
    sealed = sealing.seal(TEXT)

    settings.ACCOUNT_TOKEN_KEYS = [NEW]

    assert sealing.unseal(sealed) is None


@pytest.mark.parametrize("damaged", [None, b"", b"garbage", TEXT.encode()])
def test_what_was_never_sealed_is_not_unsealed(damaged: bytes | None) -> None:
    assert sealing.unseal(damaged) is None


def test_a_changed_copy_is_not_unsealed() -> None:
    sealed = sealing.seal(TEXT)

    assert sealing.unseal(sealed[:-4] + b"AAA=") is None  # type: ignore[index]
