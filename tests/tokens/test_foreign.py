"""Texts that other systems made: which may be taken over, what is stored of them, and which calls cost a query."""

import hashlib
import hmac
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import License
from tests.factories import issue
from tokens import foreign, format, lifecycle, shapes
from tokens.authentication import recognise
from tokens.leaks import hints_in
from tokens.lookup import find_token
from tokens.models import TextShape, Token
from tokens.refusals import Refused
from tokens.shapes import Shape

HEX = "4abc478b25e30766652f76103b978349c4c4b214"
SHA512 = hashlib.sha512(HEX.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "shape", "hint"),
    [
        (HEX, "hex-40", "4abc…b214"),
        (HEX.upper(), "text-40", "4ABC…B214"),
        ("Zm9vYmFyL2Jhego=", "text-16", "Zm…o="),
        ("a_secret_with_some_lines_below", "text-30", "a_…ow"),
        ("!#$%" * 125, None, ""),
        ("!#$%&'" * 84, None, ""),
        ("!#$%&'" * 83, "text-498", "!#$%…$%&'"),
        ("0123456789abcde", None, ""),
        ("with a space in it", None, ""),
        ("with,a,comma,in,it", None, ""),
        ("0123456789abcdef\x7f", None, ""),
        ("٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩", None, ""),
        ("ababababababababab", None, ""),
    ],
)
def test_a_text_has_a_shape_and_a_hint_that_gives_little_away(text: str, shape: str | None, hint: str) -> None:
    if shape is None:
        with pytest.raises(ValueError, match="its text") as error:
            shapes.secret_of_text(text)
        assert text not in str(error.value)
        return
    secret = shapes.secret_of_text(text)

    assert (secret.shape.name, secret.hint) == (shape, hint)
    assert Shape.named(shape) == secret.shape
    assert len(hint) - 1 <= len(text) / 4
    assert text not in repr(secret)


def test_our_own_text_comes_home_and_a_mistyped_one_does_not() -> None:
    own = format.generate("trk_")

    assert shapes.secret_of_text(own).shape.name == "text-50"
    with pytest.raises(ValueError, match="begins with trk_"):
        shapes.secret_of_text(own[:-1])


def test_a_hash_is_digested_apart_from_texts(settings) -> None:
    settings.TOKEN_PEPPERS = {7: b"seven" * 8}
    secret = shapes.secret_of_hash(SHA512.upper(), length=40, is_hex=True)

    key, raw = b"seven" * 8, bytes.fromhex(SHA512)
    assert secret.digest(7) == hmac.digest(key, b"sha512\0" + raw, "sha256")
    assert secret.digest(7) == shapes.digest_of_text(HEX, 7, is_hashed=True)
    assert secret.digest(7) != shapes.digest_of_text(SHA512, 7, is_hashed=False)
    assert (secret.shape.name, secret.hint) == ("sha512-hex-40", f"sha512:{SHA512[:4]}…{SHA512[-4:]}")


def test_a_text_of_ours_that_was_taken_over_is_found_as_ours(alices_license: License) -> None:
    own = format.generate("trk_")
    token = issue(alices_license).token
    TextShape.objects.create(name="text-50")
    Token.objects.update(digest=shapes.secret_of_text(own).digest(1), shape="text-50")

    assert recognise(own) == token


def test_one_query_looks_for_a_text_under_every_pepper_as_it_is_and_hashed(
    settings, alices_license: License, django_assert_num_queries
) -> None:
    settings.TOKEN_PEPPERS = {1: b"one" * 11, 2: b"two" * 11}
    for name in ("hex-40", "text-40", "sha512-hex-40", "sha512-text-72"):
        TextShape.objects.create(name=name)
    token = issue(alices_license).token
    Token.objects.update(digest=shapes.digest_of_text(HEX, 1, is_hashed=True), pepper=1, shape="sha512-hex-40")
    foreign.known.ask()

    with django_assert_num_queries(1):
        assert recognise(HEX) == token
    assert len(foreign.digests(HEX)) == 4
    assert find_token(foreign.digests(HEX[:-1] + "5")) is None

    lifecycle.redigest(token=Token.objects.get(), text=HEX)

    settings.TOKEN_PEPPERS = {2: b"two" * 11}
    assert recognise(HEX) == token


def test_garbage_asks_for_the_shapes_once_in_a_while_and_for_nothing_else(db: None, django_assert_num_queries) -> None:
    garbage = [f"{number:040x}" for number in range(50)]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for seconds, queries in ((0, 1), (2.9, 0), (3, 1), (-60, 1)):
            clock.shift(timedelta(seconds=seconds))
            with django_assert_num_queries(queries):
                for text in garbage:
                    with pytest.raises(Refused):
                        recognise(text)


@pytest.mark.parametrize("text", ["nonsense", "trk_" + HEX, "trk_" + "x" * 46, "x" * 501, "a,b" * 10])
def test_what_could_never_be_taken_over_asks_for_nothing(db: None, text: str, django_assert_num_queries) -> None:
    with django_assert_num_queries(0), pytest.raises(Refused):
        recognise(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("saw 4abc…b214 in a log", "4abc…b214"),
        ("4abc...", "4abc…"),
        ("old.4abc…", "old.4abc…"),
        ("Zm…o=", "Zm…o="),
        ("hint:trk_9fKd…Q2xA", "trk_9fKd…Q2xA"),
        ("sha512:1f2e...9abc", "sha512:1f2e…9abc"),
    ],
)
def test_hints_of_every_kind_are_found_in_what_is_pasted(text: str, hint: str) -> None:
    assert hint in hints_in(text)
