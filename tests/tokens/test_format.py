"""The text of a token."""

import copy
import pickle
import re
import string
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens import format
from tokens.format import ALPHABET, CHECKSUM_LENGTH, RANDOM_LENGTH, Plaintext

PREFIX = "trk_"
TEXT = "trk_" + "9fKdA0" + "x" * 30 + "Q2xA" + format.checksum("trk_" + "9fKdA0" + "x" * 30 + "Q2xA")

prefixes = st.from_regex(r"[a-z][a-z0-9]{1,11}_", fullmatch=True)
bodies = st.text(ALPHABET, min_size=RANDOM_LENGTH, max_size=RANDOM_LENGTH)


@given(prefixes)
def test_a_generated_text_is_well_formed_under_its_own_prefix(prefix: str) -> None:
    text = format.generate(prefix)

    assert isinstance(text, Plaintext)
    assert format.is_well_formed(text, prefix)
    assert len(text) == len(prefix) + 46
    assert re.fullmatch(re.escape(prefix) + "[0-9A-Za-z]{46}", text)


def test_two_generated_texts_differ_in_nearly_every_place() -> None:
    texts = {format.generate(PREFIX) for _ in range(200)}

    assert len(texts) == 200
    for place in range(len(PREFIX), len(PREFIX) + RANDOM_LENGTH):
        assert len({text[place] for text in texts}) > 30


@pytest.mark.parametrize(
    ("body", "checksum"),
    [
        # CRC-32 of "123456789" is 0xCBF43926, the check value in every catalogue of CRCs.
        ("123456789", "3jZRME"),
        ("", "000000"),
    ],
)
def test_the_checksum_is_crc32_in_base62_with_digits_first(body: str, checksum: str) -> None:
    assert format.checksum(body) == checksum


@given(bodies)
def test_a_checksum_can_be_read_back_as_a_number(body: str) -> None:
    number = 0
    for character in format.checksum(body):
        number = number * 62 + (string.digits + string.ascii_uppercase + string.ascii_lowercase).index(character)

    assert number == zlib.crc32(body.encode())


@given(bodies, st.integers(0, RANDOM_LENGTH + CHECKSUM_LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_makes_a_text_malformed(body: str, place: int, character: str) -> None:
    text = PREFIX + body + format.checksum(PREFIX + body)
    place += len(PREFIX)
    mistyped = text[:place] + character + text[place + 1 :]

    assert format.is_well_formed(mistyped, PREFIX) is (mistyped == text)


@given(bodies, st.integers(0, RANDOM_LENGTH - 2))
def test_two_swapped_neighbours_make_a_text_malformed(body: str, place: int) -> None:
    swapped = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
    text = PREFIX + swapped + format.checksum(PREFIX + body)

    assert format.is_well_formed(text, PREFIX) is (swapped == body)


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        TEXT + "A",
        TEXT + "\n",
        " " + TEXT[:-1],
        TEXT.replace("trk_", "tkr_"),
        TEXT.upper(),
        "trk_" + "-" * 40 + format.checksum("trk_" + "-" * 40),
        "trk_" + "é" * 46,
        "trk_" + "\u0661" * 46,
        TEXT[4:],
    ],
    ids=ascii,
)
def test_a_text_of_another_shape_is_malformed(text: str) -> None:
    assert format.is_well_formed(TEXT, PREFIX)

    assert not format.is_well_formed(text, PREFIX)


@given(st.text())
def test_any_text_at_all_gets_an_answer(text: str) -> None:
    assert format.is_well_formed(text, PREFIX) is False
    assert format.is_well_formed(PREFIX + text[:46].ljust(46, "0"), PREFIX) in {True, False}


def test_a_text_of_one_house_is_malformed_in_another() -> None:
    assert not format.is_well_formed(format.generate("trk_"), "abc_")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (TEXT, f"trk_9fKd…{TEXT[-4:]}"),
        ("acme_" + "a" * 46, "acme_aaaa…aaaa"),
        ("0123456789abcdef0123456789abcdef01234567", "0123…4567"),
    ],
)
def test_a_hint_shows_eight_characters(text: str, hint: str) -> None:
    assert format.hint(text) == hint


def test_the_pattern_finds_a_token_and_nothing_like_it() -> None:
    found = re.findall(format.pattern(PREFIX), f"key={TEXT}; short={TEXT[:-1]} long={TEXT}A \\n{TEXT} '{TEXT}'")

    assert found == [TEXT, TEXT, TEXT]


def test_the_repr_of_a_plaintext_is_redacted() -> None:
    plaintext = Plaintext(TEXT)

    for shown in (
        repr(plaintext),
        f"{plaintext!r}",
        repr([plaintext]),
        repr({"text": plaintext}),
    ):
        assert "9fKd…" in shown
        assert TEXT[8:-4] not in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_plaintext_is_never_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps({"text": Plaintext(TEXT)}, protocol)


def test_a_plaintext_is_never_copied_unnoticed() -> None:
    with pytest.raises(TypeError, match="never pickled"):
        copy.deepcopy([Plaintext(TEXT)])


def test_a_plaintext_is_the_text_where_it_is_shown() -> None:
    assert f"Token {Plaintext(TEXT)}" == f"Token {TEXT}"
