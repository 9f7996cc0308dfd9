"""Service accounts: the organization's own, with hooks, and no way in."""

import re
import time
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, people, seats, service_accounts
from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, License, Organization, User
from accounts.seats import SeatRefused
from accounts.sessions import SEEN_AT, STARTED_AT
from tests.conftest import signed_in
from tests.factories import PASSWORD, LicenseFactory, OrganizationFactory, UserFactory, invite, issue, service_account
from tokens import lifecycle, notices
from tokens.alerts import greet
from tokens.models import Hold


@pytest.fixture
def robot(organization: Organization) -> License:
    return service_account(organization)


def test_it_is_made_with_a_license_and_hooks_of_its_own(organization: Organization, bob: User) -> None:
    license = service_accounts.create(organization=organization, name="Nightly backups", actor=Actor(bob))

    assert (license.user.name, license.role, license.allowance) == ("Nightly backups", "member", 10)
    assert re.fullmatch(r"ME-\d{5}", license.number)
    assert license.user.email.endswith("@meridian.service.invalid")
    assert not license.user.has_usable_password()
    assert not EmailAddress.objects.filter(user=license.user).exists()
    assert AuditEvent.objects.get(action="service_account.created").subject == license.user


def test_its_tokens_survive_whoever_created_them(robot: License, bob: User, organization: Organization) -> None:
    second = LicenseFactory(organization=organization, administrator=True)
    token = lifecycle.issue(
        actor=Actor(bob), license=robot, name="backup", scope=["account:read"], expires_at=None
    ).token

    seats.withdraw_license(bob.licenses.get(), actor=Actor(second.user))

    token.refresh_from_db()
    assert not token.is_revoked


@pytest.mark.parametrize("name", ["Nightly backups", "NIGHTLY BACKUPS"])
def test_two_in_force_do_not_share_a_name(robot: License, organization: Organization, name: str) -> None:
    with pytest.raises(SeatRefused, match="already a service account"):
        service_account(organization, name)

    assert User.objects.filter(is_service_account=True).count() == 1


def test_a_name_that_was_taken_meanwhile_keeps_a_namesake_from_coming_back(
    robot: License, organization: Organization, bob: User
) -> None:
    seats.deactivate_license(robot, actor=Actor(bob))
    service_account(organization)

    with pytest.raises(SeatRefused, match="already a service account"):
        seats.reactivate_license(robot, actor=Actor(bob))


def test_it_takes_a_seat(organization: Organization, bob: User) -> None:
    Organization.objects.update(seats=1)

    with pytest.raises(SeatRefused, match="are taken"):
        service_account(organization)


def test_it_is_never_an_administrator(robot: License, bob: User) -> None:
    with pytest.raises(SeatRefused, match="cannot be an administrator"):
        seats.edit_license(robot, actor=Actor(bob), role="administrator")
    License.objects.filter(pk=robot.pk).update(role="administrator")

    assert not Organization.objects.administered_by(robot.user).exists()
    with pytest.raises(SeatRefused, match="last administrator"):
        seats.withdraw_license(bob.licenses.get(), actor=SYSTEM)


def test_it_has_no_account_token(robot: License) -> None:
    with pytest.raises(lifecycle.ActRefused, match="no account token"):
        lifecycle.regenerate(actor=SYSTEM, owner=robot.user)


def test_the_database_keeps_it_from_a_password(robot: License) -> None:
    robot.user.set_password(PASSWORD)

    with pytest.raises(IntegrityError), transaction.atomic():
        robot.user.save()


def test_a_password_reset_writes_no_way_in(robot: License) -> None:
    Client().post(reverse("account_reset_password"), {"email": robot.user.email})

    assert not [letter for letter in mail.outbox if "/password/reset/key/" in letter.body]


def test_a_reset_of_a_person_still_writes_one(alice: User) -> None:
    Client().post(reverse("account_reset_password"), {"email": alice.email})

    assert "/password/reset/key/" in mail.outbox[0].body


@pytest.mark.parametrize("is_service", [True, False])
def test_a_session_that_names_it_signs_nobody_in(robot: License, alice: User, is_service: bool) -> None:
    user = robot.user if is_service else alice
    client = Client()
    session = client.session
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "accounts.backend.PeopleBackend"
    session[STARTED_AT] = session[SEEN_AT] = int(time.time())
    session.save()

    assert client.get(reverse("dashboard")).status_code == (302 if is_service else 200)


def test_allauth_lets_it_in_by_no_way_of_its_own(robot: License, rf) -> None:
    from allauth.account.adapter import get_adapter
    from django.contrib.sessions.backends.db import SessionStore

    request = rf.get("/")
    request.session = SessionStore()
    ways = {"email_verification": "none", "signal_kwargs": {}, "email": None, "signup": False, "redirect_url": None}

    answer = get_adapter(request).pre_login(request, robot.user, **ways)

    assert answer is not None
    assert answer.url == reverse("account_inactive")


@pytest.mark.parametrize("page", ["change", "password"])
def test_the_site_operator_finds_no_form_to_give_it_an_address_or_a_password(robot: License, page: str) -> None:
    client = signed_in(UserFactory(is_staff=True, is_superuser=True))
    form = {"email": "robot@example.org", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}

    client.post(f"/django-admin/accounts/user/{robot.user.pk}/{page}/", form)

    robot.user.refresh_from_db()
    assert not robot.user.has_usable_password()
    assert robot.user.email.endswith(".invalid")
    assert not EmailAddress.objects.filter(user=robot.user).exists()


def test_it_is_invited_nowhere(robot: License, organization: Organization, bob: User) -> None:
    with pytest.raises(SeatRefused, match="Nobody reads"):
        invite(organization, bob, email=robot.user.email)


def test_it_accepts_no_invitation_even_with_the_address(robot: License, bob: User, mallory: User) -> None:
    invitation = invite(mallory.licenses.get().organization, mallory)
    EmailAddress.objects.create(user=robot.user, email=invitation.email, verified=True)

    with pytest.raises(invitations.NotOpen):
        invitations.accept(invitation, actor=Actor(robot.user))


def letters_about(license: License) -> list[str]:
    token = issue(license, expires_at=timezone.now() + timedelta(days=1)).token
    mail.outbox.clear()
    notices.send(token, 1, timezone.now())
    return sorted(letter.to[0] for letter in mail.outbox)


def test_letters_about_its_tokens_go_to_the_administrators_in_force(
    robot: License, bob: User, alice: User, organization: Organization
) -> None:
    LicenseFactory(organization=organization, administrator=True, user__email="dana@example.org")
    LicenseFactory(organization=organization, administrator=True, deactivated_at=timezone.now())
    LicenseFactory(organization=organization, administrator=True, user__is_active=False)

    assert letters_about(robot) == ["bob@example.org", "dana@example.org"]
    letter = mail.outbox[0].body
    assert "of the service account Nightly backups" in letter
    assert "service.invalid" not in letter


def test_a_letter_about_its_token_leads_to_the_admin_area(robot: License, bob: User) -> None:
    token = issue(robot).token
    for place, network in enumerate(["192.0.2.0/24", "198.51.100.0/24"]):
        greet(token.pk, network, Actor(None, f"192.0.2.{place}"), timezone.now())

    (letter,) = mail.outbox
    assert letter.to == ["bob@example.org"]
    assert reverse("organization-token", args=["meridian", token.pk]) in letter.body


def test_who_wants_no_alerts_gets_none_about_it_either(robot: License, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(wants_alerts=False)
    token = issue(robot).token
    for network in ["192.0.2.0/24", "198.51.100.0/24"]:
        greet(token.pk, network, Actor(None, "192.0.2.7"), timezone.now())

    assert mail.outbox == []


def test_withdrawing_it_stops_its_tokens_for_good(robot: License, bob: User) -> None:
    token = issue(robot).token

    seats.withdraw_license(robot, actor=Actor(bob))

    token.refresh_from_db()
    assert token.hold == Hold.DEACTIVATION


def test_a_service_account_takes_no_name_of_another_one(organization: Organization) -> None:
    account = service_account(organization, "Nightly backups").user
    service_account(organization, "Deployment")
    service_account(OrganizationFactory(), "Elsewhere")

    with pytest.raises(SeatRefused, match="already a service account named DEPLOYMENT"):
        people.edit(account, actor=SYSTEM, name="DEPLOYMENT")

    people.edit(account, actor=SYSTEM, name="Elsewhere")
    people.edit(account, actor=SYSTEM, name="ELSEWHERE")
    account.refresh_from_db()
    assert account.name == "ELSEWHERE"
