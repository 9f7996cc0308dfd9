"""Tokens of service accounts: made, edited and rotated by the organization's administrators, and by nobody else."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actor import Actor
from accounts.models import License, Organization, User
from tests.conftest import signed_in
from tests.factories import LicenseFactory, UserFactory, issue
from tokens import lifecycle
from tokens.lifecycle import ActRefused
from tokens.models import Token

NEW = "/admin/meridian/tokens/new/"


@pytest.fixture
def client(bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def service(organization: Organization) -> License:
    robot = UserFactory(name="Build robot", is_service_account=True)
    return LicenseFactory(user=robot, organization=organization, name="Service account")


@pytest.fixture
def token(service: License, bob: User) -> Token:
    issued = lifecycle.issue(actor=Actor(bob), license=service, name="deploy", scope=["account:read"], expires_at=None)
    return issued.token


def test_the_dialog_makes_a_token_for_a_service_account(client: Client, service: License) -> None:
    html = client.post(NEW, {"name": "deploy", "license": service.pk}).content.decode()

    assert Token.objects.get().license == service
    assert "Build robot, of Meridian Cartography itself" in html


@pytest.mark.parametrize("named", [True, False])
def test_for_yourself_is_the_first_choice(client: Client, service: License, bob: User, named: bool) -> None:
    choices = [str(label) for _, label in client.get(NEW).context["form"].fields["license"].choices]
    assert choices == ["Yourself", "Build robot, service account"]

    client.post(NEW, {"name": "mine"} | ({"license": bob.licenses.get().pk} if named else {}))

    assert Token.objects.get().owner == bob


def test_without_service_accounts_nothing_is_asked(client: Client, alices_license: License) -> None:
    assert "license" not in client.get(NEW).context["form"].fields

    client.post(NEW, {"name": "mine", "license": alices_license.pk})

    assert Token.objects.get().owner != alices_license.user


@pytest.mark.parametrize("whose", ["a colleague's", "a foreign service account's", "one switched off", "nonsense"])
def test_a_license_that_is_not_offered_is_refused(
    client: Client, service: License, alices_license: License, whose: str
) -> None:
    robot = UserFactory(is_service_account=True)
    off = UserFactory(is_service_account=True, is_active=False)
    license = {
        "a colleague's": alices_license.pk,
        "a foreign service account's": LicenseFactory(user=robot).pk,
        "one switched off": LicenseFactory(user=off, organization=service.organization).pk,
        "nonsense": "1 or 1",
    }[whose]

    answer = client.post(NEW, {"name": "taken-over", "license": license})

    assert "license" in answer.context["form"].errors
    assert not Token.objects.exists()


def test_an_administrator_edits_and_rotates_it(client: Client, token: Token) -> None:
    place = ["meridian", token.pk]
    assert "Rotate" in client.get(reverse("organization-token", args=place)).content.decode()

    client.post(reverse("organization-token-edit", args=place), {"name": "ship", "scope_account": "write"})
    rotated = client.post(reverse("organization-token-rotate", args=place), {"overlap": "0"})

    successor = Token.objects.get(predecessor=token)
    assert (successor.name, successor.scope) == ("ship", "account:write")
    html = rotated.content.decode()
    assert "Meridian Cartography, as Build robot" in html
    assert reverse("organization-token", args=["meridian", successor.pk]) in html
    assert rotated.headers["Cache-Control"].count("no-store") == 1


@pytest.mark.parametrize("page", ["organization-token-edit", "organization-token-rotate"])
def test_the_tokens_of_people_are_not_there(client: Client, alices_license: License, page: str) -> None:
    address = reverse(page, args=["meridian", issue(alices_license).token.pk])

    assert client.get(address).status_code == 404
    assert client.post(address, {"name": "x", "scope_account": "write", "overlap": "0"}).status_code == 404
    assert Token.objects.get().name == "nightly-export"


@pytest.mark.parametrize("who", ["alice", "mallory", "charlie", "a former administrator"])
def test_nobody_else_may_make_edit_or_rotate_it(
    token: Token, service: License, request: pytest.FixtureRequest, bob: User, who: str
) -> None:
    if who == "a former administrator":
        bob.licenses.update(role="member")
    actor = Actor(bob if who == "a former administrator" else request.getfixturevalue(who))

    for act in (
        lambda: lifecycle.issue(actor=actor, license=service, name="x", scope=["account:read"], expires_at=None),
        lambda: lifecycle.edit(actor=actor, token=token, name="x", scope=["account:read"]),
        lambda: lifecycle.rotate(actor=actor, token=token, overlap=timedelta(0)),
    ):
        with pytest.raises(ActRefused, match="Only its owner"):
            act()
    assert Token.objects.count() == 1


def test_the_tokens_of_people_are_theirs_in_the_lifecycle_too(alices_license: License, bob: User) -> None:
    token = issue(alices_license).token

    with pytest.raises(ActRefused, match="Only its owner"):
        lifecycle.rotate(actor=Actor(bob), token=token, overlap=timedelta(0))
