"""Acts that matter ask for a recent sign-in, and an interrupted form is neither lost nor sent behind anybody's back."""

import time

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import License, User
from tests.conftest import signed_in
from tests.factories import PASSWORD, issue
from tokens.models import Token

REGENERATE = "/security/api-token/regenerate/"


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


@pytest.mark.parametrize(("seconds", "count"), [(29 * 60, 1), (31 * 60, 0)])
def test_a_sign_in_is_recent_for_thirty_minutes(alices_browser: Client, seconds: int, count: int) -> None:
    age_sign_in(alices_browser, seconds)

    alices_browser.post(REGENERATE)

    assert Token.objects.count() == count


def test_an_interrupted_form_is_sent_on_after_the_password(alices_browser: Client, alices_license: License) -> None:
    age_sign_in(alices_browser, 3600)
    form = {"name": "ci", "license": alices_license.pk, "expiry": "30", "preset": "read"}

    asked = alices_browser.post("/tokens/new/", form)
    done = alices_browser.post(asked.url, {"password": PASSWORD})

    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert done.status_code == 200
    assert Token.objects.get().name == "ci"


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


def test_no_header_with_a_secret_waits_in_the_session(alices_browser: Client, alices_license: License) -> None:
    text = str(issue(alices_license).plaintext)
    age_sign_in(alices_browser, 3600)

    alices_browser.post(REGENERATE, headers={"Authorization": f"Token {text}", "api-token": text})

    kept = Session.objects.get(pk=alices_browser.session.session_key).get_decoded()
    assert "POST" in str(kept[STATE_SESSION_KEY])
    assert text not in str(kept)
