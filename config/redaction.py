"""What a secret looks like in a text that callers had a hand in, and the text without it: for logs and what is kept."""

import re

SHORTEST = 32

SECRETS = [
    # Django names the address of a page that failed, and the last part of some is a key to a door.
    (re.compile(r"(/invitation/|/password/reset/key/|/confirm-email/)(?!sign-out/)[^/\s]+"), r"\1…"),
    # The text of a token, whatever its prefix and whatever stands around it: its hint may stay.
    (re.compile(r"([a-z][a-z0-9]{1,11}_[0-9A-Za-z]{4})[0-9A-Za-z]{42,}"), r"\1…"),
    # Most texts of other systems that were taken over.
    (re.compile(rf"([0-9A-Fa-f]{{4}})[0-9A-Fa-f]{{{SHORTEST - 4},}}"), r"\1…"),
    # The password in the address of a service, which a driver may repeat.
    (re.compile(r"(://[^:/@\s]*:)[^@/\s]+@"), r"\1…@"),
]


def without_secrets(text: str) -> str:
    for pattern, remainder in SECRETS:
        text = pattern.sub(remainder, text)
    return text


def without_tokens(text: str) -> str:
    """The same of a short text, most of which cannot hold one."""
    return without_secrets(text) if len(text) >= SHORTEST else text
