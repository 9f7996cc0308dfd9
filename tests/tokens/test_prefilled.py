"""A link to Generate New Token that has the form filled in, and leaves the sending to the person."""

from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import License, User
from tests.conftest import signed_in
from tests.factories import PASSWORD
from tokens.models import Token

NEW = reverse("token-new")
NEXT_YEAR = f"{timezone.now().year + 1}-12-31"


class Form(HTMLParser):
    """What a reader finds chosen: the value of each text field and of each checked radio."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        facts = dict(attributes)
        if (
            tag == "input"
            and facts.get("name")
            and (facts.get("type") not in {"radio", "checkbox"} or "checked" in facts)
        ):
            self.fields[str(facts["name"])] = facts.get("value") or ""


def filled_in(client: Client, **query: str) -> dict[str, str]:
    return Form(client.get(f"{NEW}?{urlencode(query)}").content.decode()).fields


@pytest.fixture
def client(alice: User) -> Client:
    return signed_in(alice)


UNTOUCHED = {
    "name": "",
    "expiry": "60",
    "expires_on": "",
    "scope_account": "read",
    "scope_tokens": "none",
    "scope_organization": "none",
}


def chosen(fields: dict[str, str]) -> dict[str, str]:
    return {name: fields.get(name, "") for name in UNTOUCHED}


def test_without_a_query_the_form_is_as_always(client: Client) -> None:
    assert chosen(filled_in(client)) == UNTOUCHED


def test_name_permissions_and_expiry_are_filled_in(client: Client) -> None:
    fields = filled_in(client, name="ci", scopes="account:read,tokens:write", expires="30d")

    assert chosen(fields) == UNTOUCHED | {"name": "ci", "scope_tokens": "write", "expiry": "30"}


@pytest.mark.parametrize(
    ("query", "filled"),
    [
        ({"name": "  ci  "}, {"name": "ci"}),
        ({"name": "x" * 60}, {"name": "x" * 60}),
        ({"name": "<b>\"R&D'"}, {"name": "<b>\"R&D'"}),
        (
            {"scopes": "tokens:read organization:write"},
            {"scope_account": "none", "scope_tokens": "read", "scope_organization": "write"},
        ),
        ({"scopes": "tokens:read,tokens:write"}, {"scope_account": "none", "scope_tokens": "write"}),
        ({"scopes": "tokens:read,nonsense:read,tokens:delete"}, {"scope_account": "none", "scope_tokens": "read"}),
        ({"expires": "7d"}, {"expiry": "7"}),
        ({"expires": "365d"}, {"expiry": "365"}),
        ({"expires": "never"}, {"expiry": "never"}),
        ({"expires": NEXT_YEAR}, {"expiry": "custom", "expires_on": NEXT_YEAR}),
    ],
)
def test_what_makes_sense_is_filled_in(client: Client, query: dict[str, str], filled: dict[str, str]) -> None:
    assert chosen(filled_in(client, **query)) == UNTOUCHED | filled


@pytest.mark.parametrize(
    "query",
    [
        {"name": "x" * 61},
        {"name": "a\x00b"},
        {"name": "a\u202eb"},
        {"scopes": "everything"},
        {"scopes": "account"},
        {"scopes": "account:read:write"},
        {"expires": "8d"},
        {"expires": "-7d"},
        {"expires": "custom"},
        {"expires": "customd"},
        {"expires": "tomorrow"},
        {"expires": "2027-02-29"},
        {"expires": "2001-01-01"},
        {"expires": "9999-12-31"},
        {"expires": "30d\x00"},
        {"license": "999999"},
    ],
)
def test_nonsense_is_left_out(client: Client, query: dict[str, str]) -> None:
    assert chosen(filled_in(client, **query)) == UNTOUCHED


def test_a_link_never_makes_a_token(client: Client) -> None:
    query = urlencode({"name": "ci", "scopes": "account:read", "expires": "30d", "license": License.objects.get().pk})

    assert client.get(f"{NEW}?{query}").status_code == 200

    assert not Token.objects.exists()


def test_a_link_without_the_last_slash_leads_to_the_same_form(client: Client) -> None:
    page = client.get("/tokens/new?name=ci&scopes=tokens:read&expires=30d", follow=True)

    assert chosen(Form(page.content.decode()).fields) == UNTOUCHED | {
        "name": "ci",
        "scope_account": "none",
        "scope_tokens": "read",
        "expiry": "30",
    }


def test_what_is_typed_wins_over_the_link(client: Client, alices_license: License) -> None:
    typed = {"name": "typed", "license": alices_license.pk, "scope_tokens": "read", "expiry": "7"}

    client.post(f"{NEW}?name=linked&scopes=account:write", typed)

    token = Token.objects.get()
    assert (token.name, token.scope) == ("typed", "tokens:read")


def test_the_link_survives_the_sign_in(alice: User) -> None:
    client = Client()
    door = client.get(f"{NEW}?name=ci&expires=30d")
    assert door.status_code == 302

    page = client.post(door.url, {"login": alice.email, "password": PASSWORD}, follow=True)

    assert chosen(Form(page.content.decode()).fields) == UNTOUCHED | {"name": "ci", "expiry": "30"}
