"""Texts as they are searched: from the beginning of any word in them.

A text is kept as one entry for each place where a word begins, from there to its end: `Deploy-job 7` as `deploy-job 7`,
`job 7` and `7`. What somebody looks for is found as the beginning of an entry, so along an index. Entries are folded
(NFKC, no case, single spaces) and UTF-8: databases compare bytes alike, and letters each in its own way.
"""

import re
import unicodedata

LONGEST = 60  # characters of an entry, and of what is compared with it
BEHIND = b"\xff"  # stands in no UTF-8, behind whatever does
# Scripts that put no space between words: in these each letter may begin one.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def entries(*texts: str) -> list[bytes]:
    """Each once, in their order."""
    folded = [fold(text) for text in texts]
    return sorted({encoded(text[start:]) for text in folded for start in beginnings(text)})


def bounds(words: str) -> tuple[bytes, bytes]:
    """An entry that begins with these words is not below the first, and below the second."""
    text = fold(words)
    first = encoded(text[next((place for place in range(len(text)) if is_letter(text[place])), 0) :])
    return first, first and first + BEHIND


def fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def encoded(text: str) -> bytes:
    return text[:LONGEST].encode(errors="replace")


def beginnings(text: str) -> list[int]:
    """That of the text is one, whatever stands there."""
    return [place for place in range(len(text)) if place == 0 or is_beginning(text[place - 1], text[place])]


def is_beginning(before: str, letter: str) -> bool:
    if not is_letter(letter):
        return False
    return not is_part(before) or UNSPACED.match(letter) is not None


def is_part(letter: str) -> bool:
    """Marks go with the letter that they stand on."""
    return is_letter(letter) or unicodedata.category(letter).startswith("M")


def is_letter(letter: str) -> bool:
    return letter.isalnum()
