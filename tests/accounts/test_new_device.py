"""A letter for the first sign-in of a browser, and none for one that is known."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import seats
from accounts.models import User
from tests.conftest import signed_in
from tests.factories import PASSWORD

SUBJECT = "Signed in with a browser that was not seen before"


@pytest.fixture
def letters(django_capture_on_commit_callbacks):
    """Signs in with a browser, and gives back the letters that went out because of it."""

    def sign_in(person: User, browser: Client) -> list[str]:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        assert browser.session["_auth_user_id"] == str(person.pk)
        return [f"{letter.subject} to {', '.join(letter.to)}" for letter in mail.outbox]

    return sign_in


def test_a_new_browser_is_told(alice: User, letters) -> None:
    signed_in(alice)

    assert letters(alice, Client()) == [f"{SUBJECT} to {alice.email}"]
    assert "If it was not you" in mail.outbox[0].body


def test_the_first_sign_in_ever_is_no_news(alice: User, letters) -> None:
    assert letters(alice, Client()) == []


def test_a_browser_that_is_known_is_no_news(alice: User, letters) -> None:
    browser = signed_in(alice)
    browser.post(reverse("account_logout"))

    assert letters(alice, browser) == []


def test_a_browser_of_somebody_else_is_new(alice: User, charlie: User, letters) -> None:
    signed_in(alice)
    browser = signed_in(charlie)
    browser.post(reverse("account_logout"))

    assert letters(alice, browser) == [f"{SUBJECT} to {alice.email}"]


@pytest.mark.parametrize(
    ("place", "said"),
    [("security-regenerate", "An API token was generated"), ("api-key-reset", "Your API token was regenerated")],
)
def test_a_new_account_token_is_told_to_its_owner(
    alice: User, django_capture_on_commit_callbacks, place: str, said: str
) -> None:
    browser = signed_in(alice)
    if place == "api-key-reset":
        browser.post(reverse("security-regenerate"))

    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(reverse(place))

    (letter,) = mail.outbox
    assert letter.subject.startswith(said)
    assert letter.to == [alice.email]
    assert str(answer.context["plaintext"]) not in letter.body


def test_a_browser_is_new_again_when_its_person_has_ended_all_sessions(alice: User, letters) -> None:
    thief = signed_in(alice)
    seats.end_sessions(alice)

    assert letters(alice, thief) == [f"{SUBJECT} to {alice.email}"]
