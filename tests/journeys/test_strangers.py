"""Every page of a token or an organization, and everybody who has no business there: not there, and nothing changed."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import seats
from accounts.actor import Actor
from accounts.models import AuditEvent, Invitation, License, User
from tests.conftest import signed_in
from tests.factories import LicenseFactory, invite, issue, service_account
from tokens import lifecycle
from tokens.models import Policy, Token
from tokens.pages import urls as pages
from tokens.pages.organization import urls as organization

FORM = {"name": "taken-over", "scope_account": "write", "expiry": "30", "overlap": "0", "reason": "to try it"}
FORM |= {"email": "intruder@example.org", "role": "administrator", "allowance": "100"}


PAGES = [page for page in [*pages.urlpatterns, *organization.urlpatterns] if getattr(page, "name", None)]

# Read from the map itself, so that a new page is in the table before anybody thinks of it.
ROUTES = {str(page.name): str(page.pattern) for page in PAGES}
PAGES_OF_A_TOKEN = [name for name, route in ROUTES.items() if route.startswith("tokens/<int:pk>")]
PAGES_OF_AN_ORGANIZATION = [name for name, route in ROUTES.items() if route.startswith("admin/<slug:slug>")]
READ_ONLY = {
    "token-detail",
    "token-created",
    "token-first-call",
    "organization",
    "organization-tokens",
    "organization-token",
    "organization-members",
    "organization-policy",
    "organization-audit",
    "organization-audit-csv",
    "organization-audit-jsonl",
}


@dataclass
class Scene:
    """Alice's tokens in Bob's organization: one works, one is revoked; one of a service account; Dana, whose license
    is switched off; and somebody who is invited.
    """

    living: Token
    revoked: Token
    service: Token
    license: License
    deactivated: License
    invitation: Invitation

    def subjects(self, name: str) -> list[int]:
        """The rows that a page could be about."""
        if "/invitations/" in ROUTES[name]:
            return [self.invitation.pk]
        if name in {"organization-token-edit", "organization-token-rotate", "organization-token-resume"}:
            return [self.service.pk]
        about_members = "/members/" in ROUTES[name]
        return [self.license.pk, self.deactivated.pk] if about_members else [self.living.pk, self.revoked.pk]

    def addresses(self, name: str, slug: str = "meridian") -> list[str]:
        place = [slug] if name.startswith("organization") else []
        if "<str:proof>" in ROUTES[name]:
            return [reverse(name, args=[*place, "made-up"])]
        if "<int:pk>" not in ROUTES[name]:
            return [reverse(name, args=place)]
        return [reverse(name, args=[*place, row]) for row in self.subjects(name)]


@pytest.fixture
def scene(alices_license: License, bob: User) -> Scene:
    alice = alices_license.user
    living = issue(alices_license, "living").token
    revoked = lifecycle.revoke(actor=Actor(alice), token=issue(alices_license, "revoked").token)
    service = issue(service_account(alices_license.organization), "deploy").token
    dana = LicenseFactory(organization=alices_license.organization)
    seats.deactivate_license(dana, actor=Actor(bob))
    deactivated = License.objects.get(pk=dana.pk)
    invitation = invite(alices_license.organization, bob)
    return Scene(living, revoked, service, alices_license, deactivated, invitation)


def rows() -> list[Any]:
    """Everything that an act could have changed."""
    return [
        list(Token.objects.order_by("pk").values()),
        list(License.objects.order_by("pk").values()),
        list(Invitation.objects.order_by("pk").values()),
        list(User.objects.order_by("pk").values("pk", "name", "email", "is_active", "sessions_ended_at")),
        list(Policy.objects.values()),
        AuditEvent.objects.count(),
    ]


def answers(client: Client, addresses: list[str]) -> set[tuple[int, str]]:
    """Status and target of all of them, asked and acted upon."""
    given = [client.get(address) for address in addresses] + [client.post(address, FORM) for address in addresses]
    return {(answer.status_code, answer.headers.get("Location", "").partition("?")[0]) for answer in given}


def not_there(name: str) -> set[tuple[int, str]]:
    """404 to GET and POST; a page that only shows has no POST for anybody."""
    return {(404, "")} | ({(405, "")} if name in READ_ONLY else set())


def sign_in_asked(name: str) -> set[tuple[int, str]]:
    return {(302, "/account/login/")} | ({(405, "")} if name in READ_ONLY else set())


@pytest.mark.parametrize("name", [*PAGES_OF_A_TOKEN, *PAGES_OF_AN_ORGANIZATION])
def test_it_asks_the_anonymous_to_sign_in(scene: Scene, name: str) -> None:
    before = rows()

    given = answers(Client(), scene.addresses(name))

    assert given == sign_in_asked(name)
    assert rows() == before


@pytest.mark.parametrize("name", [*PAGES_OF_A_TOKEN, *PAGES_OF_AN_ORGANIZATION])
@pytest.mark.parametrize("stranger", ["charlie", "mallory"])
def test_it_is_not_there_for_a_stranger(scene: Scene, request: pytest.FixtureRequest, stranger: str, name: str) -> None:
    client = signed_in(request.getfixturevalue(stranger))
    before = rows()

    given = answers(client, scene.addresses(name))

    assert given == not_there(name)
    assert rows() == before


@pytest.mark.parametrize("name", PAGES_OF_A_TOKEN)
def test_a_token_is_not_among_the_administrators_own(scene: Scene, bob: User, name: str) -> None:
    client = signed_in(bob)
    before = rows()

    given = answers(client, scene.addresses(name))

    assert given == not_there(name)
    assert rows() == before


@pytest.mark.parametrize("name", PAGES_OF_AN_ORGANIZATION)
def test_the_admin_area_is_not_there_for_a_member(scene: Scene, alice: User, name: str) -> None:
    client = signed_in(alice)
    before = rows()

    given = answers(client, scene.addresses(name))

    assert given == not_there(name)
    assert rows() == before


@pytest.mark.parametrize("name", PAGES_OF_AN_ORGANIZATION)
@pytest.mark.parametrize("fact", ["deactivated_at", "valid_until"])
def test_the_admin_area_is_gone_for_an_open_session_when_its_license_stops(
    scene: Scene, bob: User, name: str, fact: str
) -> None:
    client = signed_in(bob)
    bob.licenses.update(**{fact: timezone.now() - timedelta(seconds=1)})
    before = rows()

    given = answers(client, scene.addresses(name))

    assert given == not_there(name)
    assert rows() == before


@pytest.mark.parametrize("name", PAGES_OF_AN_ORGANIZATION)
def test_an_administrator_who_was_deactivated_is_signed_out_and_finds_nothing_after_signing_in_again(
    scene: Scene, bob: User, name: str
) -> None:
    open_session = signed_in(bob)
    second = LicenseFactory(organization=scene.license.organization, administrator=True)
    seats.deactivate_license(bob.licenses.get(), actor=Actor(second.user))
    before = rows()

    given = answers(open_session, scene.addresses(name))

    assert given == sign_in_asked(name)
    assert rows() == before
    client = signed_in(User.objects.get(pk=bob.pk))
    before = rows()
    assert answers(client, scene.addresses(name)) == not_there(name)
    assert rows() == before


@pytest.mark.parametrize("name", [name for name in PAGES_OF_AN_ORGANIZATION if "<int:pk>" in ROUTES[name]])
def test_rows_of_another_organization_are_not_there_under_ones_own(scene: Scene, mallory: User, name: str) -> None:
    client = signed_in(mallory)
    before = rows()

    given = answers(client, scene.addresses(name, slug="elsewhere"))

    assert given == not_there(name)
    assert rows() == before


@pytest.mark.parametrize("stranger", ["charlie", "alice"])
def test_the_way_to_the_admin_area_is_not_there_for_who_administers_nothing(
    request: pytest.FixtureRequest, stranger: str
) -> None:
    client = signed_in(request.getfixturevalue(stranger))

    assert client.get(reverse("admin")).status_code == 404


@pytest.mark.parametrize("name", PAGES_OF_A_TOKEN)
def test_the_account_token_has_no_pages_of_its_own(alice: User, name: str) -> None:
    token = lifecycle.regenerate(actor=Actor(alice), owner=alice).token
    client = signed_in(alice)
    before = rows()

    given = answers(client, [reverse(name, args=[token.pk])])

    assert given == not_there(name)
    assert rows() == before


def test_a_token_is_not_created_on_the_license_of_somebody_else(scene: Scene, charlie: User) -> None:
    client = signed_in(charlie)
    before = rows()

    answer = client.post(reverse("token-new"), FORM | {"license": scene.license.pk})

    assert answer.status_code == 200
    assert "license" in answer.context["form"].errors
    assert rows() == before
