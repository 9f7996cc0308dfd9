"""Members and licenses in the Admin area, and leaving on My Profile."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import seats
from accounts.actor import Actor
from accounts.models import Invitation, License, Organization, User
from tests.accounts.test_recency import age_sign_in
from tests.conftest import signed_in
from tests.factories import LicenseFactory, invite, issue, service_account
from tokens import lifecycle

LIST = "/admin/meridian/members/"
INVITATION = {
    "email": "Erin@Example.org",
    "role": "member",
    "name": "Fieldwork",
    "allowance": "4",
    "valid_until": "",
}
ACTS = ["invite/", "service-accounts/new/", "{license}/", "{license}/withdraw/", "invitations/{invitation}/withdraw/"]


@pytest.fixture
def bobs_browser(bob: User) -> Client:
    return signed_in(bob)


def shown(client: Client, **query: str) -> list[str]:
    return [rack.license.user.display_name for rack in client.get(LIST, query).context["racks"]]


def terms(**changes: str) -> dict[str, str]:
    return {"name": "Studio", "role": "member", "allowance": "10", "valid_until": ""} | changes


def test_an_administrator_invites(bobs_browser: Client, organization: Organization) -> None:
    answer = bobs_browser.post(f"{LIST}invite/", INVITATION, follow=True)

    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.allowance) == ("erin@example.org", "member", 4)
    assert len(mail.outbox) == 1
    assert "erin@example.org is invited. The link works for seven days." in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "erin"}, "email"),
        ({"email": "a\x00b@example.org"}, "email"),
        ({"email": "bob@example.org"}, "email"),
        ({"email": "x@elsewhere.service.invalid"}, "email"),
        ({"role": "owner"}, "role"),
        ({"name": "a\x00b"}, "name"),
        ({"allowance": "101"}, "allowance"),
        ({"allowance": "-1"}, "allowance"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"valid_until": "9999-12-31"}, "valid_until"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_sent_back(
    bobs_browser: Client, changes: dict[str, str], field: str
) -> None:
    answer = bobs_browser.post(f"{LIST}invite/", INVITATION | changes)

    assert list(answer.context["form"].errors) == [field]
    assert not Invitation.objects.exists()
    assert mail.outbox == []


@pytest.mark.parametrize("act", ACTS)
def test_every_act_asks_for_a_recent_sign_in(
    bobs_browser: Client, alices_license: License, organization: Organization, bob: User, act: str
) -> None:
    address = LIST + act.format(license=alices_license.pk, invitation=invite(organization, bob).pk)
    age_sign_in(bobs_browser, 3600)
    before = [*License.objects.values(), *Invitation.objects.values()]

    answer = bobs_browser.post(address, INVITATION)

    assert answer.url.startswith("/account/reauthenticate/")
    assert [*License.objects.values(), *Invitation.objects.values()] == before


def test_open_invitations_are_listed_and_can_be_withdrawn_and_sent_again(
    bobs_browser: Client, organization: Organization, bob: User
) -> None:
    invitation = invite(organization, bob)
    assert "erin@example.org" in bobs_browser.get(LIST).content.decode()

    bobs_browser.post(f"{LIST}invitations/{invitation.pk}/resend/")
    fresh = Invitation.objects.waiting().get()
    bobs_browser.post(f"{LIST}invitations/{fresh.pk}/withdraw/")

    assert len(mail.outbox) == 2
    assert not Invitation.objects.waiting().exists()
    assert "Open invitations" not in bobs_browser.get(LIST).content.decode()


def test_an_expired_invitation_says_so(bobs_browser: Client, organization: Organization, bob: User) -> None:
    invite(organization, bob)
    Invitation.objects.update(expires_at=timezone.now())

    assert "expired" in bobs_browser.get(LIST).content.decode()


def test_the_license_of_a_member_is_changed(bobs_browser: Client, alices_license: License) -> None:
    day = timezone.localdate() + timedelta(days=30)

    bobs_browser.post(f"{LIST}{alices_license.pk}/", terms(role="administrator", allowance="3", valid_until=str(day)))

    license = License.objects.get(pk=alices_license.pk)
    assert (license.role, license.allowance) == ("administrator", 3)
    assert license.valid_until
    assert timezone.localtime(license.valid_until).date() == day
    assert license.is_in_force(license.valid_until - timedelta(seconds=1))


def test_a_day_that_was_not_touched_stays_as_it_is(bobs_browser: Client, alices_license: License) -> None:
    ended = timezone.now() - timedelta(days=3)
    License.objects.filter(pk=alices_license.pk).update(valid_until=ended)
    day = timezone.localtime(ended).date()

    bobs_browser.post(f"{LIST}{alices_license.pk}/", terms(name="Office", valid_until=str(day)))

    license = License.objects.get(pk=alices_license.pk)
    assert (license.name, license.valid_until) == ("Office", ended)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"allowance": "101"}, "allowance"),
        ({"name": ""}, "name"),
        ({"role": "owner"}, "role"),
    ],
)
def test_a_change_that_makes_no_sense_is_sent_back(
    bobs_browser: Client, alices_license: License, changes: dict[str, str], field: str
) -> None:
    answer = bobs_browser.post(f"{LIST}{alices_license.pk}/", terms(**changes))

    assert list(answer.context["form"].errors) == [field]


def test_ones_own_role_cannot_be_planted_in_the_form(
    bobs_browser: Client, bob: User, organization: Organization
) -> None:
    LicenseFactory(organization=organization, administrator=True)

    bobs_browser.post(f"{LIST}{bob.licenses.get().pk}/", terms(role="member", name="Office"))

    license = bob.licenses.get()
    assert (license.role, license.name) == ("administrator", "Office")


def test_more_tokens_than_hooks_are_told(bobs_browser: Client, alices_license: License) -> None:
    for number in range(2):
        issue(alices_license, f"job {number}")

    page = bobs_browser.post(f"{LIST}{alices_license.pk}/", terms(allowance="1"), follow=True).content.decode()

    assert "Nothing stops" in page


@pytest.mark.parametrize(("tokens", "told"), [(0, "No token hangs"), (1, "1 token on Studio stops"), (3, "3 tokens")])
def test_withdrawing_counts_what_stops(bobs_browser: Client, alices_license: License, tokens: int, told: str) -> None:
    for number in range(tokens):
        issue(alices_license, f"job {number}")

    question = bobs_browser.get(f"{LIST}{alices_license.pk}/withdraw/").content.decode()
    bobs_browser.post(f"{LIST}{alices_license.pk}/withdraw/")

    assert told in question
    assert License.objects.get(pk=alices_license.pk).is_withdrawn


def test_a_replaced_token_that_still_works_is_counted_too(bobs_browser: Client, alices_license: License) -> None:
    token = issue(alices_license).token
    lifecycle.rotate(actor=Actor(alices_license.user), token=token, overlap=timedelta(days=1))

    assert "2 tokens go" in bobs_browser.get(f"{LIST}{alices_license.pk}/deactivate/").content.decode()


def test_former_members_are_shown_only_to_whoever_asks(
    bobs_browser: Client, alices_license: License, bob: User
) -> None:
    seats.withdraw_license(alices_license, actor=Actor(bob))

    assert shown(bobs_browser) == ["Bob Reyes"]
    assert shown(bobs_browser, status="deactivated") == []
    assert shown(bobs_browser, status="former") == ["Alice Holm"]


@pytest.mark.parametrize(("kind", "names"), [("person", ["Bob Reyes"]), ("service", ["Nightly backups"])])
def test_people_and_service_accounts_are_told_apart(
    bobs_browser: Client, organization: Organization, kind: str, names: list[str]
) -> None:
    service_account(organization)

    assert shown(bobs_browser, kind=kind) == names


def test_a_service_account_is_created_and_shown_as_the_organizations_own(
    bobs_browser: Client, organization: Organization
) -> None:
    bobs_browser.post(f"{LIST}service-accounts/new/", {"name": "Nightly backups"})

    license = License.objects.get(user__is_service_account=True)
    pages = [bobs_browser.get(LIST), bobs_browser.get(f"{LIST}{license.pk}/")]
    for page in (page.content.decode() for page in pages):
        assert "Service account of Meridian Cartography" in page
        assert ".invalid" not in page
    assert "role" not in pages[1].context["form"].fields


@pytest.mark.parametrize("name", ["", "a\x00b", "Nightly backups", "x" * 101])
def test_a_service_account_needs_a_name_of_its_own(bobs_browser: Client, organization: Organization, name: str) -> None:
    service_account(organization)

    answer = bobs_browser.post(f"{LIST}service-accounts/new/", {"name": name})

    assert list(answer.context["form"].errors) == ["name"]
    assert License.objects.filter(user__is_service_account=True).count() == 1


def test_taken_licenses_are_counted(bobs_browser: Client, alices_license: License, bob: User) -> None:
    Organization.objects.update(seats=40)
    LicenseFactory(organization=alices_license.organization, deactivated_at=timezone.now())

    assert "2 of 40 licenses are taken." in bobs_browser.get(LIST).content.decode()


def test_the_list_is_paged_by_name_and_keeps_the_search(bobs_browser: Client, organization: Organization) -> None:
    for number in range(30):
        LicenseFactory(organization=organization, user__name="Twin" if number % 2 else f"Person {number:02}")
    first = bobs_browser.get(LIST, {"role": "member"})

    second = bobs_browser.get(LIST + first.context["page"].older)
    back = bobs_browser.get(LIST + second.context["page"].newer)

    def names(page: Any) -> list[str]:
        return [rack.license.user.name for rack in page.context["racks"]]

    def rows(page: Any) -> list[int]:
        return [rack.license.pk for rack in page.context["racks"]]

    assert names(first) + names(second) == sorted(names(first) + names(second))
    assert len(set(rows(first) + rows(second))) == 30
    assert rows(back) == rows(first)
    assert second.wsgi_request.GET["role"] == "member"


@pytest.mark.parametrize("cursor", ["WyJhXHUwMDAwYiIsIDFd", "WyJcdWQ4MDAiLCAxXQ", "W1tdLCAxXQ", "nonsense"])
def test_a_cursor_that_makes_no_sense_shows_the_first_page(bobs_browser: Client, cursor: str) -> None:
    assert bobs_browser.get(LIST, {"after": cursor}).status_code == 200


def test_thirty_members_and_invitations_take_no_more_queries_than_two(
    bobs_browser: Client, organization: Organization, bob: User
) -> None:
    def queries(first: int, count: int) -> int:
        for number in range(first, first + count):
            invite(organization, bob, email=f"person{number}@example.net")
            issue(service_account(organization, f"Job {number}"))
        with CaptureQueriesContext(connection) as captured:
            assert bobs_browser.get(LIST).status_code == 200
        return len(captured)

    bobs_browser.get(LIST)
    few = queries(0, 2)

    assert queries(2, 28) == few


def test_leaving_is_offered_on_my_profile_and_counts_what_stops(alices_license: License) -> None:
    alice = alices_license.user
    client = signed_in(alice)
    for number in range(3):
        issue(alices_license, f"job {number}")
    address = reverse("license-leave", args=[alices_license.pk])
    assert address in client.get(reverse("profile")).content.decode()

    question = client.get(address).content.decode()
    client.post(address)

    assert "3 tokens on Studio stop at once. Tokens of other licenses go on." in question
    assert License.objects.get(pk=alices_license.pk).is_withdrawn
    assert address not in client.get(reverse("profile")).content.decode()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("stranger", ["bob", "mallory", "charlie"])
def test_nobody_leaves_for_somebody_else(
    alices_license: License, request: pytest.FixtureRequest, stranger: str
) -> None:
    client = signed_in(request.getfixturevalue(stranger))
    address = reverse("license-leave", args=[alices_license.pk])

    assert [client.get(address).status_code, client.post(address).status_code] == [404, 404]
    assert not License.objects.get(pk=alices_license.pk).is_withdrawn


def test_leaving_asks_for_a_recent_sign_in(alices_license: License) -> None:
    client = signed_in(alices_license.user)
    age_sign_in(client, 3600)

    client.post(reverse("license-leave", args=[alices_license.pk]))

    assert not License.objects.get(pk=alices_license.pk).is_withdrawn


def test_the_last_administrator_is_told_why_leaving_does_not_work(bobs_browser: Client, bob: User) -> None:
    answer = bobs_browser.post(reverse("license-leave", args=[bob.licenses.get().pk]), follow=True)

    assert "The last administrator cannot be removed." in answer.content.decode()
    assert not bob.licenses.get().is_withdrawn
