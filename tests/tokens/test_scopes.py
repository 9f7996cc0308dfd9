"""Resources and permissions."""

import pytest

from tokens import scopes
from tokens.scopes import Resource


@pytest.mark.parametrize(
    ("held", "needed", "allowed"),
    [
        ("tokens:read", "tokens:read", True),
        ("tokens:write", "tokens:write", True),
        ("tokens:write", "tokens:read", True),
        ("tokens:read", "tokens:write", False),
        ("account:write", "tokens:read", False),
        ("account:read tokens:write", "tokens:read", True),
        ("", "tokens:read", False),
        ("tokens", "tokens:read", False),
        ("tokens:write", "tokens", False),
        ("tokens:write", "tokens:", False),
        ("tokens:write", "token:read", False),
    ],
)
def test_write_includes_read_and_nothing_includes_anything_else(held: str, needed: str, allowed: bool) -> None:
    assert scopes.allows(scopes.parse(held), needed) is allowed


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("tokens:read", True),
        ("tokens:write", True),
        ("exports:read", True),
        ("tokens:admin", False),
        ("tokens:", False),
        ("tokens", False),
        ("Tokens:read", False),
        ("nothing:read", False),
        ("tokens:read:write", False),
        ("tokens:read tokens:write", False),
        (" tokens:read", False),
        ("", False),
    ],
)
def test_a_scope_is_a_resource_of_the_setting_and_a_level(settings, text: str, known: bool) -> None:
    settings.TOKEN_RESOURCES = {"tokens": "Your other tokens", "exports": "Exports"}

    assert scopes.is_scope(text) is known


def test_scopes_are_stored_as_words_in_order_and_read_back_as_a_set() -> None:
    text = scopes.join({"tokens:write", "account:read"})

    assert text == "account:read tokens:write"
    assert scopes.parse(text) == {"account:read", "tokens:write"}
    assert scopes.parse("") == frozenset()


def test_everything_is_write_on_every_resource_of_the_setting(settings) -> None:
    settings.TOKEN_RESOURCES = {"tokens": "", "exports": ""}

    assert scopes.everything() == {"tokens:write", "exports:write"}


def test_a_resource_has_a_label_for_people(settings) -> None:
    settings.TOKEN_RESOURCES = {"saved-searches": "Queries kept for later"}

    (resource,) = scopes.resources()

    assert resource == Resource("saved-searches", "Queries kept for later")
    assert resource.label == "Saved searches"


@pytest.mark.parametrize(
    ("held", "withheld", "left"),
    [
        ("tokens:write", "", "tokens:write"),
        ("tokens:write", "tokens:write", "tokens:read"),
        ("tokens:write", "tokens:read", ""),
        ("tokens:read", "tokens:write", "tokens:read"),
        ("tokens:read tokens:write", "", "tokens:write"),
        ("account:read tokens:write", "account:read", "tokens:write"),
    ],
)
def test_what_is_withheld_leaves_the_rest(held: str, withheld: str, left: str) -> None:
    assert scopes.left_of(scopes.parse(held), scopes.parse(withheld)) == scopes.parse(left)
