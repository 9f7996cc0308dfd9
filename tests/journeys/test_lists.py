"""A list asks the database as often for thirty rows as for two."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import signed_in
from tests.factories import LicenseFactory, issue, rename
from tokens import lifecycle
from tokens.models import Token

FEW, MANY = 2, 30


def add_tokens(count: int, bob: User) -> None:
    """Half of Bob's own, half of other members."""
    license = bob.licenses.get()
    for number in range(count // 2):
        issue(license, f"token {number}")
        issue(LicenseFactory(organization=license.organization), "of a member")


def add_revoked_tokens(count: int, bob: User) -> None:
    for number in range(count):
        token = issue(bob.licenses.get(), f"token {number}").token
        lifecycle.revoke(actor=Actor(bob), token=token)


def add_members(count: int, bob: User) -> None:
    for _ in range(count):
        issue(LicenseFactory(organization=bob.licenses.get().organization))


def add_licenses(count: int, bob: User) -> None:
    for _ in range(count):
        issue(LicenseFactory(user=bob, administrator=True))


def queries(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    return [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize(
    ("address", "add"),
    [
        ("/", add_tokens),
        ("/", add_licenses),
        ("/security/", add_tokens),
        ("/profile/", add_licenses),
        ("/tokens/", add_tokens),
        ("/tokens/", add_revoked_tokens),
        ("/tokens/", add_licenses),
        ("/tokens/new/", add_licenses),
        ("/admin/meridian/tokens/", add_tokens),
        ("/admin/meridian/tokens/", add_revoked_tokens),
        ("/admin/meridian/members/", add_members),
        ("/admin/meridian/audit/", add_members),
        ("/admin/meridian/audit/", add_revoked_tokens),
    ],
)
def test_thirty_rows_take_no_more_queries_than_two(bob: User, address: str, add: Callable[[int, User], None]) -> None:
    bob.licenses.update(allowance=100)
    client = signed_in(bob)
    add(FEW, bob)
    client.get(address)
    few = queries(client, address)

    rename_tokens()
    add(MANY - FEW, bob)
    many = queries(client, address)

    assert len(many) == len(few), "\n".join(many)


def rename_tokens() -> None:
    """Their names are free for the second round."""
    for token in Token.objects.all():
        rename([token], name=f"earlier {token.pk}")
