"""Where a password is typed, and what becomes of it."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.factors import give_app
from tests.conftest import signed_in
from tests.factories import PASSWORD

NEW = "  Spaced Out Words  "


def reset_form(alice: User, client: Client) -> str:
    """The page behind the link of the letter."""
    client.post(reverse("account_reset_password"), {"email": alice.email})
    (link,) = [word for word in mail.outbox[-1].body.split() if "/reset/key/" in word]
    return link.removeprefix("http://localhost:8000")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("account_login", ["current-password"]),
        ("account_signup", ["new-password"]),
        ("account_change_password", ["current-password", "new-password", "new-password"]),
        ("account_reauthenticate", ["current-password"]),
        ("reset", ["new-password", "new-password"]),
    ],
)
def test_a_password_is_masked_and_left_to_the_password_manager(alice: User, page: str, expected: list[str]) -> None:
    is_open = page in {"account_login", "account_signup", "reset"}
    client = Client() if is_open else signed_in(alice)
    address = reset_form(alice, client) if page == "reset" else reverse(page)

    html = client.get(address, follow=True).content.decode()

    fields = [field for field in re.findall("<input[^>]*>", html) if "password" in field and "hidden" not in field]
    assert [re.findall('autocomplete="([^"]*)"', field) for field in fields] == [[word] for word in expected]
    assert all('type="password"' in field and "maxlength" not in field for field in fields)


@pytest.mark.parametrize(("typed", "fits"), [(NEW, True), (NEW.strip(), False), (NEW.lower(), False)])
def test_a_password_is_checked_exactly_as_it_was_typed(alice: User, typed: str, fits: bool) -> None:
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    signed_in(alice).post(reverse("account_change_password"), form)

    client = Client()
    client.post(reverse("account_login"), {"login": alice.email, "password": typed})

    assert ("_auth_user_id" in client.session) is fits


def test_a_password_is_changed_with_the_current_one_only(alice: User) -> None:
    form = {"oldpassword": "something else", "password1": NEW, "password2": NEW}

    signed_in(alice).post(reverse("account_change_password"), form)

    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_reset_goes_around_no_second_factor_and_its_link_works_once(alice: User) -> None:
    give_app(alice)
    client = Client()
    link = reset_form(alice, client)
    form = {"password1": NEW, "password2": NEW}

    asked = client.get(link, follow=True)
    client.post(asked.request["PATH_INFO"], form)
    after_reset = client.get(reverse("profile"))
    signing_in = client.post(reverse("account_login"), {"login": alice.email, "password": NEW})

    assert after_reset.status_code == 302
    assert signing_in.url.startswith(reverse("mfa_authenticate"))
    stranger = Client()
    again = stranger.get(link, follow=True)
    stranger.post(again.request["PATH_INFO"], {"password1": "quite another one", "password2": "quite another one"})
    alice.refresh_from_db()
    assert alice.check_password(NEW)
