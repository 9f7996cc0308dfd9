"""What text people may type into names, and into passwords."""

import unicodedata
from typing import Any

from django.core.exceptions import ValidationError

LONGEST_PASSWORD = 200
# Letters and marks by category, and yet nothing to see.
BLANK = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}
VARIATION_SELECTORS = range(0xFE00, 0xFE10)


def validate_plain_text(text: str) -> None:
    """Refuse control characters (NUL breaks PostgreSQL) and invisible ones that make a name read as another."""
    for character in text:
        invisible = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        if invisible or character in BLANK or ord(character) in VARIATION_SELECTORS:
            raise ValidationError("Use visible characters only: this text holds an invisible one.", code="invisible")


class LongestPasswordValidator:
    """Argon2 reads every byte, so a megabyte of password would be a megabyte of work."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(f"This password is too long: at most {LONGEST_PASSWORD} characters.", code="too_long")

    def get_help_text(self) -> str:
        return f"At most {LONGEST_PASSWORD} characters."
