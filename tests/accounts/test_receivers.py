"""Signing in and out through the real pages, as the audit log tells of it."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, License, User
from tests.conftest import signed_in
from tests.factories import PASSWORD


def sign_in(email: str, password: str, **extra: object) -> None:
    Client().post(reverse("account_login"), {"login": email, "password": password}, **extra)


@pytest.mark.parametrize(
    ("password", "action"),
    [(PASSWORD, "account.signed_in"), (PASSWORD + "!", "account.sign_in_refused")],
)
def test_every_attempt_to_sign_in_to_an_account_is_in_the_log(alice: User, password: str, action: str) -> None:
    sign_in("alice@example.org", password, REMOTE_ADDR="192.0.2.7", headers={"User-Agent": "Firefox"})

    event = AuditEvent.objects.get()
    assert (event.action, event.subject, event.address, event.user_agent) == (
        action,
        alice,
        "192.0.2.7",
        "Firefox",
    )


def test_whoever_signs_in_is_the_actor(alice: User) -> None:
    sign_in("alice@example.org", PASSWORD)

    assert AuditEvent.objects.get().actor == alice


def test_whoever_failed_to_sign_in_is_nobody(alice: User) -> None:
    sign_in("alice@example.org", "wrong")

    assert AuditEvent.objects.get().actor is None


def test_a_failed_attempt_is_recorded_however_the_address_is_written(alice: User) -> None:
    sign_in("ALICE@Example.org", "wrong")

    assert AuditEvent.objects.get().subject == alice


@pytest.mark.parametrize(
    "email",
    [
        "nobody@example.org",
        "alice@example.or",
        "alice\x00@example.org",
        "alice@example.org\x00",
        "' OR 1=1",
        "",
    ],
)
def test_an_attempt_with_an_unknown_address_writes_nothing(alice: User, email: str) -> None:
    sign_in(email, PASSWORD)

    assert not AuditEvent.objects.exists()


def test_a_password_never_gets_into_the_log(alice: User) -> None:
    sign_in("alice@example.org", "hunter2-hunter2")

    event = AuditEvent.objects.values().get()
    assert event["action"] == "account.sign_in_refused"
    assert "hunter2" not in str(event)


def test_signing_out_is_in_the_log(alice: User) -> None:
    client = signed_in(alice)

    client.post(reverse("account_logout"))

    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor, event.subject) == ("account.signed_out", alice, alice)


def test_signing_out_without_being_signed_in_writes_nothing(db: None) -> None:
    Client().post(reverse("account_logout"))

    assert not AuditEvent.objects.exists()


def test_a_person_who_is_switched_off_does_not_sign_in(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)

    sign_in("alice@example.org", PASSWORD)

    assert not AuditEvent.objects.filter(action="account.signed_in").exists()


def test_a_new_password_is_dated_and_in_the_log(alice: User) -> None:
    client = signed_in(alice)
    new = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}

    client.post(reverse("account_change_password"), new)

    alice.refresh_from_db()
    assert alice.check_password("another long one")
    assert alice.password_changed_at is not None
    assert AuditEvent.objects.filter(action="account.password_changed", actor=alice, subject=alice).count() == 1


def test_a_new_address_is_in_the_log_with_the_former_one(alice: User) -> None:
    client = signed_in(alice)
    client.post(reverse("account_email"), {"email": "new@example.org", "action_add": ""})
    place = re.search(r"/account/confirm-email/\S+", str(mail.outbox[-1].body))

    assert place is not None
    client.post(place[0])

    event = AuditEvent.objects.get(action="account.email_changed")
    assert (event.actor, event.organization) == (alice, alice.licenses.get().organization)
    assert event.details == {"changes": {"email": ["alice@example.org", "new@example.org"]}}


@pytest.mark.parametrize("with_license", [True, False])
def test_a_new_person_gets_an_individual_license_where_the_setting_says_so(
    db: None, settings, with_license: bool
) -> None:
    settings.SIGN_UP_LICENSE = with_license
    form = {"email": "Dora@Example.org", "name": "Dora Vance", "password1": "another long one"}

    Client().post(reverse("account_signup"), form)

    dora = User.objects.get(email="dora@example.org")
    assert dora.name == "Dora Vance"
    assert License.objects.filter(user=dora, organization=None, name="Individual").exists() is with_license
    assert AuditEvent.objects.filter(action="account.signed_up", subject=dora).count() == 1


def test_nobody_signs_up_where_the_setting_is_closed(db: None, settings) -> None:
    settings.SIGN_UP_OPEN = False
    form = {"email": "dora@example.org", "name": "Dora Vance", "password1": "another long one"}

    Client(raise_request_exception=False).post(reverse("account_signup"), form)

    assert not User.objects.exists()
