"""Wrong passwords: told apart by nobody, paused by address and by account, and never a way to lock the owner out."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.hashers import Argon2idHasher
from accounts.models import AuditEvent, User
from tests.conftest import signed_in
from tests.factories import PASSWORD


def guess(
    email: str, password: str = "wrong", address: str = "192.0.2.1", client: Client | None = None
) -> HttpResponse:
    form = {"login": email, "password": password}
    return (client or Client()).post(reverse("account_login"), form, REMOTE_ADDR=address)


def test_an_unknown_person_and_a_wrong_password_cannot_be_told_apart(alice: User, monkeypatch, settings) -> None:
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2idHasher"]
    alice.set_password(PASSWORD)
    alice.save()
    work: list[str] = []
    for act in ("encode", "verify"):
        real = getattr(Argon2idHasher, act)
        monkeypatch.setattr(
            Argon2idHasher, act, lambda *args, real=real, **given: work.append("") or real(*args, **given)
        )

    answers, amounts = [], []
    for email in (alice.email, "nobody@example.org"):
        work.clear()
        answers.append(guess(email))
        amounts.append(len(work))

    assert amounts == [1, 1]
    assert {answer.status_code for answer in answers} == {200}
    bodies = {body_of(answer).replace(alice.email, "…").replace("nobody@example.org", "…") for answer in answers}
    assert len(bodies) == 1


def body_of(answer: HttpResponse) -> str:
    """Without what differs on every page."""
    lines = answer.content.decode().splitlines()
    return "\n".join(line for line in lines if "csrfmiddlewaretoken" not in line)


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
def test_too_many_guesses_at_an_account_get_429_and_are_told_how_long_to_wait(alice: User, email: str) -> None:
    answers = [guess(email, address=f"192.0.2.{number}") for number in range(12)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert 0 < int(answers[-1]["Retry-After"]) <= 300
    assert "Try again in 5 minutes" in answers[-1].content.decode()


def test_too_many_guesses_from_an_address_get_429_whatever_the_account(db: None) -> None:
    answers = [guess(f"person{number}@example.org") for number in range(21)]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert guess("somebody@example.org", address="192.0.2.2").status_code == 200


def test_the_right_password_does_not_open_while_the_pause_lasts(alice: User) -> None:
    for number in range(10):
        guess(alice.email, address=f"192.0.2.{number}")

    assert guess(alice.email, PASSWORD, address="192.0.2.99").status_code == 429


def test_the_owner_is_not_locked_out_of_a_browser_that_is_known(alice: User) -> None:
    browser = signed_in(alice)
    browser.post(reverse("account_logout"))
    for number in range(11):
        guess(alice.email, address=f"192.0.2.{number}")

    answer = guess(alice.email, PASSWORD, address="198.51.100.1", client=browser)

    assert answer.status_code == 302


def test_a_known_browser_has_no_endless_guesses_either(alice: User) -> None:
    browser = signed_in(alice)
    browser.post(reverse("account_logout"))

    answers = [guess(alice.email, address=f"192.0.2.{number}", client=browser) for number in range(11)]

    assert answers[-1].status_code == 429


def test_being_known_as_one_person_helps_against_no_other(alice: User, charlie: User) -> None:
    browser = signed_in(charlie)
    browser.post(reverse("account_logout"))
    for number in range(10):
        guess(alice.email, address=f"192.0.2.{number}")

    assert guess(alice.email, address="198.51.100.1", client=browser).status_code == 429


def test_a_right_password_takes_nothing_of_the_allowance(alice: User) -> None:
    answers = [guess(alice.email, PASSWORD) for _ in range(25)]

    assert {answer.status_code for answer in answers} == {302}


@pytest.mark.parametrize("cookie", ["", "x", "a:b:c", "é", "WzFd:1abc:def"])
def test_a_device_cookie_that_is_not_ours_is_nothing(alice: User, cookie: str) -> None:
    client = Client()
    client.cookies["device"] = cookie

    assert guess(alice.email, PASSWORD, client=client).status_code == 302


def test_the_log_says_whether_the_browser_was_seen_before(alice: User) -> None:
    browser = signed_in(alice)
    browser.post(reverse("account_logout"))
    guess(alice.email, PASSWORD, client=browser)

    news = AuditEvent.objects.filter(action="account.signed_in").order_by("pk").values_list("details", flat=True)
    assert [details["new_device"] for details in news] == [True, False]
