"""Resources and permissions, written as scopes: `tokens:read`, `tokens:write`. Write includes read.

Stored and sent as OAuth does it (RFC 6749, section 3.3): words parted by single spaces, sorted.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from config.quick import settings

READ = "read"
WRITE = "write"
READING_METHODS = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True)
class Resource:
    name: str
    description: str

    @property
    def label(self) -> str:
        return self.name.replace("-", " ").capitalize()


def resources() -> list[Resource]:
    return [Resource(name, description) for name, description in settings.TOKEN_RESOURCES.items()]


def everything() -> frozenset[str]:
    """What an account token holds."""
    return frozenset(f"{name}:{WRITE}" for name in settings.TOKEN_RESOURCES)


def is_scope(text: str) -> bool:
    resource, _, level = text.partition(":")
    return resource in settings.TOKEN_RESOURCES and level in {READ, WRITE}


def needed_for(method: str | None, resource_or_scope: str) -> str:
    """`reports` asks to read or to write, as the method of a call does; a scope such as `reports:read` stays itself."""
    if not resource_or_scope or ":" in resource_or_scope:
        return resource_or_scope
    return f"{resource_or_scope}:{READ if method in READING_METHODS else WRITE}"


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> frozenset[str]:
    return frozenset(text.split())


def join(scopes: Iterable[str]) -> str:
    return " ".join(sorted(scopes))


def allows(held: frozenset[str], needed: str) -> bool:
    resource, _, level = needed.partition(":")
    return needed in held or (level == READ and f"{resource}:{WRITE}" in held)


def enough(held: Iterable[str], needed: str) -> list[str]:
    """Of several sets, as they are stored, those that allow what is needed."""
    return [text for text in held if allows(parse(text), needed)]


def is_withheld(scope: str, withheld: frozenset[str]) -> bool:
    """Who withholds reading withholds writing too, for write includes read."""
    resource, _, level = scope.partition(":")
    return scope in withheld or (level == WRITE and f"{resource}:{READ}" in withheld)


def left_of(held: frozenset[str], withheld: frozenset[str]) -> frozenset[str]:
    """What may be done, in the strongest words: of write, read is left where writing alone is withheld."""
    left = set()
    for resource in {word.partition(":")[0] for word in held}:
        levels = [f"{resource}:{WRITE}", f"{resource}:{READ}"]
        left.update([scope for scope in levels if allows(held, scope) and not is_withheld(scope, withheld)][:1])
    return frozenset(left)
