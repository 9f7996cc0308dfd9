"""API Tokens of an organization: what is found, in which order, and what each row says."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import License, User
from config import keyset
from tests.conftest import signed_in
from tests.factories import LicenseFactory, issue
from tokens import lifecycle
from tokens.models import Token, TokenAddress

DAY = timedelta(days=1)
LIST = "/admin/meridian/tokens/"


@pytest.fixture
def client(bob: User) -> Client:
    return signed_in(bob)


def names(client: Client, **query: object) -> list[str]:
    return [token.name for token in client.get(LIST, query).context["page"]]


@pytest.fixture
def rack(alices_license: License, bob: User) -> dict[str, Token]:
    """Three tokens that differ in every fact a filter asks for; `old` is Bob's, read-only and endless."""
    now = timezone.now()
    tokens = {
        "new": issue(alices_license, "new", scope="account:write", expires_at=now + 3 * DAY).token,
        "middle": issue(alices_license, "Middle", scope="tokens:read", expires_at=now + 80 * DAY).token,
        "old": issue(bob.licenses.get(), "old", scope="account:read", expires_at=None).token,
    }
    facts = {"new": (1, 0), "middle": (100, 40), "old": (400, None)}
    for name, (age, unused) in facts.items():
        used = None if unused is None else now - unused * DAY
        row = Token.objects.filter(pk=tokens[name].pk)
        row.update(created_at=now - age * DAY, first_used_at=used, last_used_at=used)
    TokenAddress.objects.create(token=tokens["middle"], address="203.0.113.9", last_at=now)
    return tokens


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["new", "Middle", "old"]),
        ({"sort": "name"}, ["Middle", "new", "old"]),
        ({"sort": "used"}, ["new", "Middle", "old"]),
        ({"sort": "expiry"}, ["new", "Middle", "old"]),
        ({"q": "203.0.113.9"}, ["Middle"]),
        ({"q": "bob"}, ["old"]),
        ({"age": "7"}, ["new"]),
        ({"age": "over-90"}, ["Middle", "old"]),
        ({"age": "over-365"}, ["old"]),
        ({"scope": "account:read"}, ["new", "old"]),
        ({"scope": "account:write"}, ["new"]),
        ({"used": "30"}, ["Middle", "old"]),
        ({"used": "90"}, ["old"]),
        ({"used": "never"}, ["old"]),
        ({"needs": "endless"}, ["old"]),
        ({"state": "expiring", "scope": "tokens:read"}, []),
        # What makes no sense is left out, and the rest holds.
        (
            {"state": "nonsense", "sort": "x", "age": "-1", "needs": "\0", "scope": "x", "license": "x", "used": "1"},
            None,
        ),
        ({"q": "\0", "after": "nonsense"}, None),
        ({"license": str(2**70)}, None),
    ],
    ids=str,
)
def test_the_list_is_cut_and_sorted(
    client: Client, rack: dict[str, Token], query: dict[str, str], found: list[str] | None
) -> None:
    assert names(client, **query) == (["new", "Middle", "old"] if found is None else found)


def test_what_has_expired_is_sorted_by_when_unless_asked_otherwise(client: Client, rack: dict[str, Token]) -> None:
    now = timezone.now()
    for name, days in {"new": 0.5, "middle": 7, "old": 2}.items():
        Token.objects.filter(pk=rack[name].pk).update(expires_at=now - days * DAY)

    assert names(client, state="expired") == ["new", "old", "Middle"]
    assert "Lately expired first" in client.get(LIST, {"state": "expired"}).content.decode()
    assert names(client, state="expired", sort="name") == ["Middle", "new", "old"]
    assert "Lately expired first" not in client.get(LIST).content.decode()


@pytest.mark.parametrize("most", [keyset.COUNTED_AT_MOST, 1])
def test_what_was_stopped_is_found_however_much_of_it_there_is(
    client: Client, rack: dict[str, Token], bob: User, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Revoked, or replaced and no longer valid: behind more that works than one look reaches."""
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", most)
    monkeypatch.setattr(keyset, "MOST_LOOKS", 1)
    lifecycle.revoke(actor=Actor(bob), token=rack["old"])
    lifecycle.rotate(actor=Actor(rack["middle"].owner), token=rack["middle"], overlap=timedelta(0))

    first = client.get(LIST, {"state": "revoked"}).context["page"]
    second = client.get(LIST + first.older).context["page"].rows if first.older else []

    assert [token.name for token in [*first, *second]] == ["Middle", "old"]


def test_a_scope_is_a_whole_word(client: Client, rack: dict[str, Token]) -> None:
    Token.objects.filter(name="old").update(scope="sub-account:read")

    assert names(client, scope="account:read") == ["new"]


def test_the_list_of_one_license_says_whose_it_is(
    client: Client, rack: dict[str, Token], alices_license: License
) -> None:
    page = client.get(LIST, {"license": alices_license.pk})

    assert [token.name for token in page.context["page"]] == ["new", "Middle"]
    assert "Tokens of <b>Alice Holm</b>" in page.content.decode()


def test_a_license_of_another_organization_is_left_out(client: Client, rack: dict[str, Token]) -> None:
    foreign = LicenseFactory()
    issue(foreign, "foreign")

    page = client.get(LIST, {"license": foreign.pk})

    assert {token.name for token in page.context["page"]} == {"new", "Middle", "old"}
    assert foreign.user.name not in page.content.decode()


def test_the_way_through_the_pages_keeps_the_search(client: Client, bob: User) -> None:
    bob.licenses.update(allowance=40)
    for number in range(30):
        issue(bob.licenses.get(), f"job {number:02}")

    first = client.get(LIST, {"q": "job", "sort": "name"}).context["page"]
    second = client.get(LIST + first.older).context["page"]

    assert first.older.startswith("?q=job&sort=name&after=")
    assert [token.name for token in second] == [f"job {number}" for number in range(25, 30)]


@pytest.mark.parametrize(("query", "is_open"), [({"q": "x"}, False), ({"age": "7"}, True)])
def test_more_filters_is_open_while_one_of_them_is_set(client: Client, query: dict[str, str], is_open: bool) -> None:
    html = client.get(LIST, query).content.decode()

    assert ('<details class="disclosure" open>' in html) is is_open
    assert "Clear filters" in html
    assert "No token matches" in html
    assert reverse("organization-tokens", args=["meridian"]) in html
