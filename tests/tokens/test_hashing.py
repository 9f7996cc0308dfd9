"""What is stored of a token."""

import hashlib
import hmac

import pytest

from tokens import hashing

TEXT = "trk_" + "a" * 46


@pytest.fixture(autouse=True)
def three_peppers(settings) -> None:
    settings.TOKEN_PEPPERS = {2: b"two" * 11, 10: b"ten" * 11, 1: b"one" * 11}


def test_the_digest_is_hmac_sha256_keyed_with_the_pepper() -> None:
    expected = hmac.new(b"ten" * 11, TEXT.encode(), hashlib.sha256).digest()

    assert hashing.digest(TEXT, 10) == expected
    assert len(expected) == 32


def test_the_digest_depends_on_text_and_pepper() -> None:
    digests = {hashing.digest(text, pepper) for text in (TEXT, TEXT[:-1] + "b") for pepper in (1, 2, 10)}

    assert len(digests) == 6


def test_the_newest_pepper_is_the_one_with_the_highest_number() -> None:
    assert hashing.newest_pepper() == 10


def test_every_pepper_is_tried() -> None:
    assert hashing.digests(TEXT) == [hashing.digest(TEXT, number) for number in (2, 10, 1)]


def test_a_pepper_that_is_gone_is_an_error() -> None:
    with pytest.raises(KeyError):
        hashing.digest(TEXT, 3)
