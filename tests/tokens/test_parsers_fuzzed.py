"""Anything at all in a header or for a text: None, a text or Refused, and never a wrong one that gets further.

`FUZZ_EXAMPLES=10000 .venv/bin/python -m pytest tests/tokens/test_parsers_fuzzed.py` tries harder.
"""

import os
import re
import string

import pytest
from django.conf import settings as product
from hypothesis import HealthCheck, assume, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import License
from tests.factories import issue, take_over
from tokens import foreign, format, hashing, refusals, shapes
from tokens.authentication import read_credential, recognise
from tokens.format import ALPHABET, RANDOM_LENGTH
from tokens.lifecycle import Issued
from tokens.refusals import Refused
from tokens.shapes import LONGEST, SHORTEST, Shape

FEW = 100
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", FEW))
fuzz = hypothesis_settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= FEW,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],  # nothing here changes anything
)

PREFIX = "trk_"
VISIBLE = "".join(map(chr, range(0x21, 0x7F))).replace(",", "")
ours = st.text(ALPHABET, min_size=RANDOM_LENGTH, max_size=RANDOM_LENGTH).map(
    lambda body: PREFIX + body + format.checksum(PREFIX + body)
)
foreign_texts = st.text(VISIBLE, min_size=SHORTEST, max_size=60) | st.text("0123456789abcdef", min_size=16, max_size=64)
scheme = st.sampled_from(["Token", "token", "TOKEN", "Bearer", "bEARER"])
spaces = st.text(" ", min_size=1, max_size=3)
around = st.text(" \t", max_size=3)
pieces = st.sampled_from(
    ["Token", "bearer", "Basic", "Digest", " ", "\t", ",", "=", '"', "\\", "trk_", "\0", "\n", "\u0130", "\u017f", "é"]
)
# What looks like a header far more often than any text does.
crooked = st.lists(pieces | ours | st.text(max_size=5), max_size=12).map("".join)


def read(value: str, name: str = "Authorization") -> str | None:
    """What is refused is refused for one of two reasons."""
    try:
        return read_credential({name: value})
    except Refused as refused:
        reason = refused.refusal
    assert reason in {refusals.INVALID, refusals.AMBIGUOUS}
    return None


@fuzz
@given(st.text() | crooked, st.sampled_from(["Authorization", "api-token", "X-API-Key"]))
@example('Token "' + '\\"' * 4000, "Authorization")
@example("Digest " + ",a=" * 4000, "Authorization")
def test_a_crooked_header_gives_no_text_but_one_that_stands_in_it(value: str, name: str) -> None:
    text = read(value, name)

    assert text is None or (text in value and set(text) <= set(VISIBLE) and len(text) <= LONGEST)


@fuzz
@given(ours | foreign_texts, scheme, spaces, around, around)
def test_what_was_issued_or_taken_over_is_read_as_it_is(text: str, word: str, gap: str, begin: str, end: str) -> None:
    assert read(f"{begin}{word}{gap}{text}{end}") == text
    assert read(f"{begin}{text}{end}", "api-token") == text


@fuzz
@given(ours, st.text(min_size=1, max_size=3))
def test_nothing_beside_a_text_is_overlooked(text: str, more: str) -> None:
    assume(more.strip(" \t"))

    assert read(f"Token {text}{more}") in {None, text + more.strip(" \t")}
    assert read(f"Token {text} {more}") is None


@fuzz
@given(st.from_regex(r"[a-z][a-z0-9]{1,11}_", fullmatch=True), st.data())
def test_what_is_generated_is_well_formed_until_one_character_is_another(prefix: str, data: st.DataObject) -> None:
    text = str(format.generate(prefix))
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters() | st.sampled_from(string.printable))
    assume(other != text[place])

    assert format.is_well_formed(text, prefix)
    assert not format.is_well_formed(text[:place] + other + text[place + 1 :], prefix)
    assert not format.is_well_formed(text[:place] + text[place + 1 :], prefix)
    assert not format.is_well_formed(text[:place] + other + text[place:], prefix)


@fuzz
@given(st.text() | foreign_texts | ours | crooked)
def test_a_text_of_another_system_is_taken_over_whole_or_refused_in_words_without_it(text: str) -> None:
    if fault := shapes.fault_of(text):
        assert len(text) < 4 or text not in fault
        with pytest.raises(ValueError, match=re.escape(fault)):
            shapes.secret_of_text(text)
        return
    secret = shapes.secret_of_text(text)

    assert Shape.named(secret.shape.name) == secret.shape
    assert secret.shape.fits(text)
    assert text not in repr(secret)
    assert read(f"Token {text}") == text
    is_ours = format.is_well_formed(text, PREFIX)
    assert secret.digests() == (hashing.digests(text) if is_ours else foreign.digests_among([secret.shape], text))


@fuzz
@given(st.text(max_size=80))
def test_any_name_of_a_shape_is_one_or_an_error(name: str) -> None:
    try:
        shape = Shape.named(name)
    except ValueError:
        return

    assert Shape.named(shape.name) == shape


@pytest.fixture
def taken_over(alices_license: License) -> str:
    text = "4abc478b25e30766652f76103b978349c4c4b214"
    take_over(alices_license, text)
    foreign.known.forget()
    return text


@pytest.fixture
def issued(alices_license: License) -> Issued:
    return issue(alices_license)


@pytest.mark.parametrize("whose", ["ours", "of another system"])
def test_one_changed_character_is_never_recognised(whose: str, issued: Issued, taken_over: str) -> None:
    text = str(issued.plaintext) if whose == "ours" else taken_over
    assert recognise(text).license == issued.token.license

    @fuzz
    @given(st.integers(0, len(text) - 1), st.characters() | st.sampled_from(VISIBLE))
    def try_it(place: int, other: str) -> None:
        assume(other != text[place])
        for wrong in (text[:place] + other + text[place + 1 :], text[:place] + text[place + 1 :]):
            with pytest.raises(Refused) as refusal:
                recognise(wrong)
            assert refusal.value.refusal is refusals.INVALID
            assert refusal.value.token is None

    try_it()


@fuzz
@given(text=st.text(VISIBLE, max_size=60) | crooked)
def test_a_text_that_nobody_has_is_refused(taken_over: str, text: str) -> None:
    assume(text != taken_over)

    with pytest.raises(Refused) as refusal:
        recognise(text)

    assert refusal.value.refusal is refusals.INVALID


def test_the_prefix_here_is_that_of_the_tests() -> None:
    assert product.TOKEN_PREFIX == PREFIX
