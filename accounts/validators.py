"""What text people may type into names, and into passwords."""

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from config.redaction import without_tokens

LONGEST_PASSWORD = 200
# What a password needs besides the words of this place, and those words: docs/access.md lists them for people.
LEAST_BESIDE = 6
WORDS_OF_THE_TRADE = {"access", "account", "admin", "administrator", "letmein", "licence", "license", "login"}
WORDS_OF_THE_TRADE |= {"operator", "password", "secret", "security", "service", "tokenrack", "token", "welcome"}
SHORTEST_WORD = 3
# Letters and marks by category, and yet nothing to see.
BLANK = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}
VARIATION_SELECTORS = range(0xFE00, 0xFE10)


def validate_plain_text(text: str) -> None:
    """Refuse secrets, control characters (NUL breaks PostgreSQL) and what makes a name read as another."""
    for character in text:
        invisible = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        if invisible or character in BLANK or ord(character) in VARIATION_SELECTORS:
            raise ValidationError("Use visible characters only: this text holds an invisible one.", code="invisible")
    if without_tokens(text) != text:
        raise ValidationError(
            "This looks like an API token or another secret. Leave it out: others would read it here.", code="secret"
        )


class LongestPasswordValidator:
    """Argon2 reads every byte, so a megabyte of password would be a megabyte of work."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(f"This password is too long: at most {LONGEST_PASSWORD} characters.", code="too_long")

    def get_help_text(self) -> str:
        return f"At most {LONGEST_PASSWORD} characters."


class OwnWordsValidator:
    """The names of this site and of the person's organizations, with a year behind them, are what is tried first."""

    def validate(self, password: str, user: Any = None) -> None:
        text = password.casefold()
        rest = re.sub("|".join(map(re.escape, words_of_this_place(user))), "", text)
        if rest != text and len(rest) < LEAST_BESIDE:
            raise ValidationError(
                "This password is little more than words of this place. Add others to it.", code="own_words"
            )

    def get_help_text(self) -> str:
        return "More than the name of this site or of your organization."


def words_of_this_place(user: Any) -> list[str]:
    """The longest first, so that none is cut by a part of it."""
    names = [settings.SITE_NAME, urlsplit(settings.SITE_URL).hostname or ""]
    if user is not None and user.pk:
        names += user.licenses.filter(organization__isnull=False).values_list("organization__name", flat=True)
    parts = {part for name in names for part in re.split(r"[\W_]+", name.casefold()) if len(part) >= SHORTEST_WORD}
    return sorted(parts | WORDS_OF_THE_TRADE, key=len, reverse=True)
