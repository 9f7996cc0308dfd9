"""Acts that matter ask for a recent sign-in, and an interrupted form is neither lost nor sent behind anybody's back."""

import time

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, License, User
from accounts.session_store import content_of, row_key
from tests.accounts.factors import app_code, give_app
from tests.conftest import signed_in
from tests.factories import PASSWORD, issue
from tokens.models import Token

REGENERATE = "/security/api-token/regenerate/"
REMOVE = "/account/2fa/app/remove/"


def age_sign_in(client: Client, seconds: int) -> None:
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - seconds}]
    session.save()


@pytest.fixture
def alices_browser(alice: User) -> Client:
    return signed_in(alice)


def test_a_fresh_sign_in_counts_as_recent(alices_browser: Client) -> None:
    answer = alices_browser.post(REGENERATE)

    assert answer.status_code == 200
    assert Token.objects.count() == 1


# What was proved, how many minutes ago, and whether a second factor is set up.
@pytest.mark.parametrize(
    ("proofs", "has_second_factor", "is_asked"),
    [
        ({"password": 29}, False, False),
        ({"password": 31}, False, True),
        ({}, False, True),
        ({"password": 31, "mfa": 1}, False, False),
        ({"password": 1}, True, True),
        ({"password": 1, "mfa": 29}, True, False),
        ({"password": 1, "mfa": 31}, True, True),
        ({"mfa": 29}, True, False),
        ({}, True, True),
    ],
)
@pytest.mark.parametrize("page", [REGENERATE, "/tokens/new/", "/account/password/change/", "/account/email/", REMOVE])
def test_it_asks_for_what_is_missing_and_for_nothing_else(
    alice: User, proofs: dict[str, int], has_second_factor: bool, is_asked: bool, page: str
) -> None:
    browser = signed_in(alice)
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": method, "at": time.time() - minutes * 60, "reauthenticated": True}
        for method, minutes in proofs.items()
    ]
    session.save()
    if has_second_factor:
        give_app(alice)

    answer = browser.get(page)

    asking = "/account/2fa/reauthenticate/" if has_second_factor else "/account/reauthenticate/"
    assert answer.headers.get("Location", "").startswith(asking) == is_asked
    assert is_asked or answer.status_code in {200, 404}


def test_with_a_second_factor_the_password_does_not_confirm(alices_browser: Client, alice: User) -> None:
    age_sign_in(alices_browser, 3600)
    give_app(alice)

    answer = alices_browser.post("/account/reauthenticate/?next=/tokens/new/", {"password": PASSWORD})

    assert answer.headers["Location"].startswith("/account/2fa/reauthenticate/")
    assert alices_browser.get("/tokens/new/").status_code == 302


def test_a_code_confirms_once_and_then_nothing_is_asked(alices_browser: Client, alice: User) -> None:
    age_sign_in(alices_browser, 3600)
    give_app(alice)
    code = app_code(alice)
    asked = alices_browser.post(REGENERATE)

    done = alices_browser.post(asked.headers["Location"], {"code": code})
    again = alices_browser.post(REGENERATE)

    assert (done.status_code, again.status_code) == (200, 200)
    age_sign_in(alices_browser, 3600)
    asked = alices_browser.post(REGENERATE)
    assert alices_browser.post(asked.headers["Location"], {"code": code}).status_code == 200
    assert alices_browser.get("/tokens/new/").status_code == 302


def test_a_stolen_session_does_not_switch_the_second_factor_off(alices_browser: Client, alice: User) -> None:
    give_app(alice)

    for page in (REMOVE, "/account/2fa/recovery-codes/make/", "/account/2fa/passkeys/add/"):
        assert alices_browser.post(page).headers["Location"].startswith("/account/2fa/reauthenticate/")

    alice.refresh_from_db()
    assert alice.second_factor_at


def test_an_interrupted_form_is_sent_on_after_the_password(alices_browser: Client, alices_license: License) -> None:
    age_sign_in(alices_browser, 3600)
    form = {"name": "ci", "license": alices_license.pk, "expiry": "30", "preset": "read"}

    asked = alices_browser.post("/tokens/new/", form)
    done = alices_browser.post(asked.url, {"password": PASSWORD})

    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert done.status_code == 200
    assert Token.objects.get().name == "ci"


def test_what_was_typed_comes_through_with_every_line(alices_browser: Client, alices_license: License) -> None:
    age_sign_in(alices_browser, 3600)
    networks = "192.0.2.0/24\r\n2001:db8::/32\r\n"
    form = {"name": "Überwachung & co", "license": alices_license.pk, "expiry": "30", "preset": "read"}

    asked = alices_browser.post("/tokens/new/?name=other&scopes=account:read", form | {"ranges": networks})
    alices_browser.post(asked.url, {"password": PASSWORD})

    token = Token.objects.get()
    assert token.name == "Überwachung & co"
    assert token.allowed_networks == ["192.0.2.0/24", "2001:db8::/32"]


def test_the_log_names_who_confirmed_and_not_who_was_interrupted(alices_browser: Client) -> None:
    age_sign_in(alices_browser, 3600)
    asked = alices_browser.post(REGENERATE, REMOTE_ADDR="198.51.100.66", HTTP_USER_AGENT="thief/1.0")

    alices_browser.post(asked.url, {"password": PASSWORD}, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Firefox/140.0")

    event = AuditEvent.objects.get(action="account_token.created")
    assert (event.address, event.user_agent) == ("192.0.2.7", "Firefox/140.0")


def test_no_password_waits_in_the_session(alices_browser: Client) -> None:
    age_sign_in(alices_browser, 3600)
    form = {"oldpassword": PASSWORD, "password1": "another fine secret", "password2": "another fine secret"}

    asked = alices_browser.post("/account/password/change/", form)

    kept = content_of(Session.objects.get(pk=row_key(alices_browser.session.session_key)))
    assert "secret" not in str(kept)
    answer = alices_browser.post(asked.url, {"password": PASSWORD})
    assert answer.headers["Location"] == "/account/password/change/"


def test_an_interrupted_form_waits_for_the_right_password(alices_browser: Client) -> None:
    age_sign_in(alices_browser, 3600)
    asked = alices_browser.post(REGENERATE)

    alices_browser.post(asked.url, {"password": "wrong"})

    assert not Token.objects.exists()


def test_a_form_that_was_given_up_is_not_sent_with_a_later_password(
    alices_browser: Client, alices_license: License
) -> None:
    token = issue(alices_license).token
    age_sign_in(alices_browser, 3600)
    alices_browser.post(f"/tokens/{token.pk}/edit/", {"name": "planted", "preset": "write"})

    asked = alices_browser.get(f"/tokens/{token.pk}/edit/")
    alices_browser.post(asked.url, {"password": PASSWORD})

    token.refresh_from_db()
    assert token.name == "nightly-export"


def test_a_form_is_not_sent_by_who_confirms_for_another_page(alices_browser: Client) -> None:
    age_sign_in(alices_browser, 3600)
    alices_browser.post(REGENERATE)

    answer = alices_browser.post("/account/reauthenticate/?next=/tokens/new/", {"password": PASSWORD})

    assert answer.headers["Location"] == "/tokens/new/"
    assert not Token.objects.exists()


def test_no_header_with_a_secret_waits_in_the_session(alices_browser: Client, alices_license: License) -> None:
    text = str(issue(alices_license).plaintext)
    age_sign_in(alices_browser, 3600)

    alices_browser.post(REGENERATE, headers={"Authorization": f"Token {text}", "api-token": text})

    kept = content_of(Session.objects.get(pk=row_key(alices_browser.session.session_key)))
    assert kept[STATE_SESSION_KEY]["state"]["address"] == REGENERATE
    assert text not in str(kept)
