"""What text people may type into names, and into passwords."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.validators import (
    BLANK,
    LONGEST_PASSWORD,
    VARIATION_SELECTORS,
    LongestPasswordValidator,
    validate_plain_text,
)

INVISIBLE = "".join(BLANK) + "".join(map(chr, VARIATION_SELECTORS))


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"], exclude_characters=INVISIBLE)))
def test_every_visible_character_is_allowed_in_a_name(text: str) -> None:
    validate_plain_text(text)


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\n",
        "\r",
        "\t",
        "\x1b",
        "\x7f",
        "\u200b",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u2028",
        "\u2029",
        "\ud800",
    ],
    ids=ascii,
)
def test_an_invisible_character_is_refused_wherever_it_stands(character: str) -> None:
    for text in (f"Ali{character}ce", f"Alice{character}", f"{character}Alice"):
        with pytest.raises(ValidationError) as refusal:
            validate_plain_text(text)

        assert refusal.value.code == "invisible"


def test_the_longest_password_is_accepted_and_one_character_more_refused() -> None:
    validator = LongestPasswordValidator()

    validator.validate("p" * LONGEST_PASSWORD)
    with pytest.raises(ValidationError) as refusal:
        validator.validate("p" * (LONGEST_PASSWORD + 1))

    assert refusal.value.code == "too_long"
    assert str(LONGEST_PASSWORD) in validator.get_help_text()


ALICE = User(email="alice@example.org", name="Alice Holmenkollen")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("nine-char", "password_too_short"),
        ("p" * (LONGEST_PASSWORD + 1), "too_long"),
        ("1qaz2wsx3edc", "password_too_common"),
        ("alice@example.org", "password_too_similar"),
        ("Holmenkollen", "password_too_similar"),
        ("Tokenrack2026", "own_words"),
        ("my-Secret-Token!", "own_words"),
    ],
)
def test_a_poor_password_is_refused_for_one_reason(password: str, code: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        validate_password(password, ALICE)

    assert [error.code for error in refusal.value.error_list] == [code]


@pytest.mark.parametrize(
    "password",
    [
        "ten-chars!",
        "ALLCAPITALS",
        "8402751936",
        "      spaces",
        "purple-token-hinge",
        "\u0448\u0435\u0441\u0442\u044c \u0441\u043b\u043e\u0432",
        "p" * 64,
    ],
    ids=ascii,
)
def test_a_good_password_is_accepted_whatever_it_is_made_of(password: str) -> None:
    validate_password(password, ALICE)


def test_the_name_of_ones_organization_is_no_password(alice: User) -> None:
    with pytest.raises(ValidationError, match="words of this place"):
        validate_password("Meridian-2026", alice)
