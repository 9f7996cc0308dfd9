"""Letters lead to the one public address, redirects stay on this site, and nobody locks out who is signed in."""

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from tests.conftest import signed_in
from tests.factories import PASSWORD
from tests.server.ports import free_port


def test_a_reset_link_leads_to_the_public_address_whatever_host_was_asked(alice: User, client: Client) -> None:
    client.post("/account/password/reset/", {"email": alice.email}, headers={"Host": "localhost:1337"})

    assert "http://localhost:8000/account/password/reset/key/" in mail.outbox[0].body
    assert "1337" not in mail.outbox[0].body


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
def test_who_waits_for_a_letter_that_cannot_leave_is_told_so(alice: User, client: Client, settings, email: str) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()

    answer = client.post("/account/password/reset/", {"email": email})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")
    assert "The letter could not be sent" in answer.content.decode()


@pytest.mark.parametrize("email", ["alice@example.org", "new@example.org"])
def test_signing_up_without_a_mail_server_tells_nobody_who_is_known(alice: User, settings, email: str) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()

    answer = Client().post("/account/signup/", {"name": "New", "email": email, "password1": "another fine secret"})

    assert answer.status_code == 503


@pytest.mark.django_db(transaction=True)
def test_a_change_stands_though_its_letter_cannot_leave(alice: User, settings) -> None:
    browser = signed_in(alice)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    form = {"oldpassword": PASSWORD, "password1": "another fine secret", "password2": "another fine secret"}

    assert browser.post("/account/password/change/", form).url == "/security/"


def test_a_reset_link_lets_a_new_password_be_set(alice: User, client: Client) -> None:
    client.post("/account/password/reset/", {"email": alice.email})
    (link,) = [word for word in mail.outbox[0].body.split() if "/reset/key/" in word]

    asked = client.get(link.removeprefix("http://localhost:8000"), follow=True)
    client.post(asked.request["PATH_INFO"], {"password1": "another fine secret", "password2": "another fine secret"})

    alice.refresh_from_db()
    assert alice.check_password("another fine secret")


@pytest.mark.parametrize(
    "next_page", ["http://localhost/", "http://127.0.0.1:8201/x", "//evil.example/", "https://evil.example/", "/\\evil"]
)
def test_signing_in_leads_nowhere_else(alice: User, client: Client, next_page: str) -> None:
    answer = client.post("/account/login/", {"login": alice.email, "password": PASSWORD, "next": next_page})

    assert answer.url == "/"


def test_signing_in_leads_to_the_page_that_was_asked_for(alice: User, client: Client) -> None:
    answer = client.post("/account/login/", {"login": alice.email, "password": PASSWORD, "next": "/tokens/?needs=idle"})

    assert answer.url == "/tokens/?needs=idle"


def test_failures_of_others_do_not_keep_a_signed_in_person_from_confirming(alice: User) -> None:
    browser = signed_in(alice)
    for _ in range(12):
        Client().post("/account/login/", {"login": alice.email, "password": "wrong"})

    answer = browser.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/tokens/"})

    assert answer.status_code == 302
