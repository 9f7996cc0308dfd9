"""Close my account: everything stops, what said who it was is gone, and nothing of it comes back."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import closing, invitations, people, seats, verification
from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, Invitation, License, Organization, User
from accounts.seats import SeatRefused
from accounts.session_store import content_of
from tests.accounts.factors import give_app
from tests.calls import call, outcome
from tests.conftest import signed_in
from tests.factories import PASSWORD, LicenseFactory, OrganizationFactory, UserFactory, invite, issue, service_account
from tokens import feed, letters, lifecycle
from tokens.events import described
from tokens.lifecycle import ActRefused
from tokens.models import Token

CLOSE = "/security/close/"


def press(client: Client, typed: str = "alice@example.org"):
    return client.post(CLOSE, {"confirmation": typed})


def close(person: User) -> User:
    closing.close(person, actor=Actor(person, "192.0.2.9"))
    return User.objects.get(pk=person.pk)


def test_tokens_stop_at_once_and_sessions_everywhere(alices_license: License) -> None:
    alice = alices_license.user
    named, own = issue(alices_license), lifecycle.regenerate(actor=Actor(alice), owner=alice)
    here, there = signed_in(alice), signed_in(alice)

    answer = press(here)

    assert answer.headers["Location"] == "/account/login/"
    assert "Your account is closed" in here.get(answer.headers["Location"]).content.decode()
    assert [outcome(call(issued)) for issued in (named, own)] == ["token_revoked", "token_revoked"]
    assert [client.get("/profile/").status_code for client in (here, there)] == [302, 302]
    assert not UserSession.objects.filter(user=alice).exists()
    assert all("_auth_user_id" not in content_of(session) for session in Session.objects.all())


def test_nothing_in_the_tables_of_people_says_who_it_was(alices_license: License, bob: User, mallory: User) -> None:
    alice = alices_license.user
    give_app(alice)
    User.objects.filter(pk=alice.pk).update(
        is_staff=True, time_zone="Europe/Oslo", last_login=timezone.now(), password_changed_at=timezone.now()
    )
    invite(mallory.licenses.get().organization, mallory, email=alice.email)
    joined = invite(OrganizationFactory(slug="joined"), bob, email=alice.email)
    Invitation.objects.filter(pk=joined.pk).update(accepted_at=timezone.now(), license=alices_license)
    LogEntry.objects.log_actions(bob.pk, User.objects.filter(pk=alice.pk), 2, "[]")

    closed = close(alice)

    assert not EmailAddress.objects.filter(user=alice).exists()
    assert not Authenticator.objects.filter(user=alice).exists()
    rows = [row for model in (User, EmailAddress, Invitation, LogEntry) for row in model._default_manager.values()]
    text = json.dumps(rows, default=str).lower()
    assert [word for word in ("alice", "oslo") if word in text] == []
    assert (closed.is_staff, closed.has_usable_password(), closed.wants_alerts) == (False, False, False)
    assert (closed.last_login, closed.password_changed_at, closed.second_factor_at) == (None, None, None)


def test_the_log_keeps_its_rows_and_shows_nobody(alices_license: License, bob: User) -> None:
    alice = alices_license.user
    issue(alices_license, "nightly")

    close(alice)

    event = AuditEvent.objects.select_related("actor", "subject").get(action="token.created")
    (entry,) = feed.entries([event], reader=bob, governs=True)
    assert (entry.sentence, entry.actor) == ("Closed account created nightly", "Closed account")
    assert (described(event)["actor"], described(event)["subject"]) == ("Closed account", "Closed account")
    assert verification.verify(alices_license.organization).events == AuditEvent.objects.count()


def test_each_organization_is_told_once(alices_license: License) -> None:
    second = LicenseFactory(user=alices_license.user)

    close(alices_license.user)

    told = AuditEvent.objects.filter(action="account.closed").order_by("pk")
    assert [(event.organization, event.is_copy) for event in told] == [
        (alices_license.organization, False),
        (second.organization, True),
    ]


def test_the_seats_are_free_again(alices_license: License) -> None:
    organization = alices_license.organization
    Organization.objects.filter(pk=organization.pk).update(seats=1)
    LicenseFactory(user=alices_license.user, individual=True)

    close(alices_license.user)

    seats.give_license(License(user=UserFactory(), organization=organization, name="x", number="x"), actor=SYSTEM)
    assert not License.objects.kept().filter(user=alices_license.user).exists()


@pytest.mark.parametrize("stopped_by", ["alice", "bob", "closing"])
def test_nobody_re_approves_a_token(alices_license: License, bob: User, stopped_by: str) -> None:
    token = issue(alices_license).token
    if stopped_by != "closing":
        actor = {"alice": alices_license.user, "bob": bob}[stopped_by]
        lifecycle.revoke(actor=Actor(actor), token=token)
    close(alices_license.user)
    token = Token.objects.get(pk=token.pk)

    with pytest.raises(ActRefused, match="cannot be re-approved"):
        lifecycle.reapprove(actor=Actor(bob), token=token)

    assert not token.is_liftable(timezone.now())
    assert letters.readers(token) == []


def test_open_invitations_go_both_ways(bob: User, mallory: User, organization: Organization) -> None:
    LicenseFactory(organization=organization, administrator=True)
    sent = invite(organization, bob)
    received = invite(mallory.licenses.get().organization, mallory, email=bob.email)
    others = invite(mallory.licenses.get().organization, mallory)

    close(bob)

    assert list(Invitation.objects.waiting()) == [others]
    withdrawn = AuditEvent.objects.filter(action="invitation.withdrawn").values_list("organization", flat=True)
    assert set(withdrawn) == {sent.organization_id, received.organization_id}


def test_the_last_administrator_stays(bob: User, organization: Organization, alices_license: License) -> None:
    token = issue(bob.licenses.get()).token
    browser = signed_in(bob)

    answers = [browser.get(CLOSE), press(browser, bob.email)]

    assert all("last administrator of Meridian Cartography" in answer.content.decode() for answer in answers)
    assert User.objects.get(pk=bob.pk).is_active
    assert not Token.objects.get(pk=token.pk).is_revoked
    LicenseFactory(organization=organization, administrator=True)
    assert press(browser, bob.email).headers["Location"] == "/account/login/"


def test_an_administrator_who_is_switched_off_does_not_count(bob: User, organization: Organization) -> None:
    LicenseFactory(organization=organization, administrator=True, user=UserFactory(is_active=False))

    with pytest.raises(SeatRefused, match="last administrator"):
        close(bob)


def test_the_last_operator_stays(alice: User) -> None:
    operator = UserFactory(is_staff=True, is_superuser=True)
    UserFactory(is_staff=True, is_superuser=True, is_active=False)

    with pytest.raises(SeatRefused, match="last operator"):
        close(operator)

    UserFactory(is_staff=True, is_superuser=True)
    assert close(operator).is_closed


def test_a_service_account_is_not_closed(organization: Organization) -> None:
    with pytest.raises(SeatRefused, match="belongs to its organization"):
        close(service_account(organization).user)


@pytest.mark.parametrize("typed", ["", "bob@example.org", "alice@example.org\x00", "alice"])
def test_another_address_closes_nothing(alice: User, typed: str) -> None:
    answer = press(signed_in(alice), typed)

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert User.objects.get(pk=alice.pk).is_active


def test_the_address_may_be_typed_in_any_case(alice: User) -> None:
    assert press(signed_in(alice), " Alice@Example.ORG ").status_code == 302


def test_it_closes_nobody_else(alice: User, charlie: User) -> None:
    press(signed_in(charlie), alice.email)

    assert User.objects.get(pk=alice.pk).is_active
    assert User.objects.get(pk=charlie.pk).is_active


def test_looking_changes_nothing_and_counts_what_stops(alices_license: License) -> None:
    alice = alices_license.user
    browser = signed_in(alice)
    said = [browser.get(CLOSE).context["stopping"]]
    lifecycle.regenerate(actor=Actor(alice), owner=alice)
    said.append(browser.get(CLOSE).context["stopping"])
    issue(alices_license)
    said.append(browser.get(CLOSE).context["stopping"])
    issue(LicenseFactory(user=alice))
    said.append(browser.get(CLOSE).context["stopping"])

    assert said == [
        "No token of yours works any more.",
        "The API token stops at once.",
        "1 token stops at once, on 1 license, and the API token.",
        "2 tokens stop at once, on 2 licenses, and the API token.",
    ]
    assert User.objects.get(pk=alice.pk).is_active


def test_a_letter_goes_to_the_old_address(alice: User, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        close(alice)

    assert [(letter.to, letter.subject) for letter in mail.outbox] == [
        (["alice@example.org"], "Your account on Tokenrack was closed")
    ]


def test_it_does_not_come_back(alice: User, bob: User, organization: Organization) -> None:
    closed = close(alice)
    operator = signed_in(UserFactory(is_staff=True, is_superuser=True))
    page = "/django-admin/accounts/user/"

    for act in (
        lambda: seats.reactivate_user(closed, actor=SYSTEM),
        lambda: seats.give_license(License(user=closed, name="x", number="x"), actor=SYSTEM),
    ):
        with pytest.raises(SeatRefused, match="closed by its owner"):
            act()
    before = list(User.objects.filter(pk=closed.pk).values())
    operator.post(page, {"action": "reactivate", "_selected_action": closed.pk})
    form = {"email": "alice@example.org", "name": "Alice", "time_zone": "", "is_staff": "on"}
    assert operator.post(f"{page}{closed.pk}/change/", form).status_code == 403
    form = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert operator.post(f"{page}{closed.pk}/password/", form).status_code == 403
    people.edit(closed, actor=Actor(closed), name="Alice Holm")

    assert list(User.objects.filter(pk=closed.pk).values()) == before


def test_the_same_address_signs_up_as_a_new_person(alice: User, settings) -> None:
    settings.SIGN_UP_OPEN = True
    close(alice)
    form = {"name": "Alice again", "email": "alice@example.org", "password1": "a fine new secret"}

    Client().post(reverse("account_signup"), form)

    fresh = User.objects.get(email="alice@example.org")
    assert fresh.pk != alice.pk
    assert not AuditEvent.objects.about(fresh).exclude(action="account.signed_up").exists()
    assert not Token.objects.filter(owner=fresh).exists()


def test_closing_twice_is_closing_once(alice: User) -> None:
    first = close(alice)

    assert close(alice).email == first.email
    assert AuditEvent.objects.filter(action="account.closed").count() == 1


def test_what_was_accepted_before_is_not_accepted_after(alice: User, mallory: User) -> None:
    invitation = invite(mallory.licenses.get().organization, mallory, email=alice.email)
    close(alice)

    with pytest.raises(invitations.NotOpen):
        invitations.accept(invitation, actor=Actor(alice))


@pytest.mark.django_db(transaction=True)
def test_of_two_last_administrators_only_one_goes(organization: Organization) -> None:
    both = [LicenseFactory(organization=organization, administrator=True).user for _ in range(2)]
    start = Barrier(2)

    def go(person: User) -> None:
        try:
            start.wait(timeout=30)
            closing.close(person, actor=Actor(person))
        except SeatRefused:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(go, both))

    assert User.objects.filter(closed_at__isnull=False).count() == 1
    assert License.objects.in_force().administrators().filter(organization=organization).exists()
