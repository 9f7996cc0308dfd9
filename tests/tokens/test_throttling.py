"""What a flood costs and whom it slows down: the token that calls, the address that guesses, the person that issues."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import License, User
from tests.conftest import signed_in
from tests.factories import issue, service_account
from tokens import format, lifecycle, throttling
from tokens.ledger import ledger
from tokens.lifecycle import Issued, TooOften
from tokens.models import Token
from tokens.recent import Recent

SELF = "/api/v1/tokens/self"
HOME, ELSEWHERE = "192.0.2.7", "192.0.2.8"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def call(text: str, address: str = HOME, **headers: str) -> HttpResponse:
    return Client(REMOTE_ADDR=address).get(SELF, headers={"Authorization": f"Token {text}"} | headers)


def statuses(text: str, number: int, address: str = HOME) -> list[int]:
    return [call(text, address).status_code for _ in range(number)]


def unknown() -> str:
    """Whoever knows how can compute a checksum."""
    return format.generate("trk_")


def rotated(token: Token) -> Issued:
    return lifecycle.rotate(actor=Actor(token.owner), token=token, overlap=timedelta(days=1))


# Tokens


def test_every_answer_to_a_token_says_what_is_left_of_its_minute(settings, issued: Issued, clock) -> None:
    settings.API_CALLS_PER_MINUTE = 2
    first = call(issued.plaintext)
    clock.shift(20)
    second, third = call(issued.plaintext), call(issued.plaintext)

    assert [answer["RateLimit-Policy"] for answer in (first, second, third)] == ['"calls";q=2;w=60'] * 3
    limits = [answer["RateLimit"] for answer in (first, second, third)]
    assert limits == ['"calls";r=1;t=60', '"calls";r=0;t=40', '"calls";r=0;t=40']
    assert (third.status_code, third["Retry-After"]) == (429, "40")


@pytest.mark.parametrize("path", [SELF, "/api/v1/me", "/api/v1/nothing"])
def test_refusals_and_errors_say_it_too(alices_license: License, path: str) -> None:
    text = issue(alices_license, scope="tokens:write").plaintext

    answer = Client().get(path, headers={"Authorization": f"Token {text}"})

    assert answer["RateLimit"].startswith('"calls";r=5999;')


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Token nonsense"}], ids=["none", "bad"])
def test_whoever_brings_no_real_token_is_told_no_limit(db: None, headers: dict[str, str]) -> None:
    answer = Client().get(SELF, headers=headers)

    assert "RateLimit" not in answer
    assert "RateLimit-Policy" not in answer


@pytest.mark.parametrize("path", [SELF, "/api/v1/openapi.json", "/api/v1/nothing"])
def test_every_answer_depends_on_the_headers_that_carry_tokens(db: None, path: str) -> None:
    varies = Client().get(path)["Vary"].lower().split(", ")

    assert {"authorization", "api-token", "x-api-key"} <= set(varies)


def test_a_rotation_gives_no_second_helping(settings, issued: Issued) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    second = rotated(issued.token)
    assert statuses(issued.plaintext, 2) == [200, 200]

    assert statuses(second.plaintext, 2) == [200, 429]

    third = rotated(Token.objects.get(pk=second.token.pk))
    assert statuses(third.plaintext, 1) == [429]


def test_another_name_gives_no_second_helping(settings, issued: Issued) -> None:
    settings.API_CALLS_PER_MINUTE = 1
    assert statuses(issued.plaintext, 1) == [200]

    lifecycle.edit(actor=Actor(issued.token.owner), token=issued.token, name="another name")

    assert statuses(issued.plaintext, 1) == [429]


def test_a_reset_of_the_account_token_gives_no_second_helping(settings, alice: User, issued: Issued) -> None:
    settings.API_CALLS_PER_MINUTE = 1
    assert statuses(lifecycle.regenerate(actor=Actor(alice), owner=alice).plaintext, 1) == [200]

    assert statuses(lifecycle.regenerate(actor=Actor(alice), owner=alice).plaintext, 1) == [429]
    assert statuses(issued.plaintext, 1) == [200]


def test_whoever_stole_a_former_token_uses_up_nothing_of_the_new_one(settings, issued: Issued, clock) -> None:
    settings.API_CALLS_PER_MINUTE = 2
    new = rotated(issued.token)
    clock.shift(timedelta(days=1))

    assert statuses(issued.plaintext, 3) == [401, 401, 429]

    assert statuses(new.plaintext, 2) == [200, 200]


# Addresses


def test_an_address_that_guesses_is_slowed_down_and_no_other(settings, issued: Issued, clock) -> None:
    settings.API_REFUSALS_PER_MINUTE = 2

    assert statuses("nonsense", 3) == [401, 401, 429]

    assert call("nonsense")["Retry-After"] == "60"
    assert statuses("nonsense", 1, ELSEWHERE) == [401]
    assert statuses(issued.plaintext, 1, ELSEWHERE) == [200]
    clock.shift(60)
    assert statuses("nonsense", 1) == [401]


def test_a_flood_of_well_formed_tokens_costs_no_query(settings, db: None, django_assert_num_queries) -> None:
    settings.API_REFUSALS_PER_MINUTE = 3
    with django_assert_num_queries(3):
        assert statuses(unknown(), 3) == [401] * 3

    with django_assert_num_queries(0):
        answers = [call(unknown()) for _ in range(20)]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(429, "rate_limited")}
    assert {answer["Retry-After"] for answer in answers} == {"60"}


def test_a_script_in_use_goes_on_behind_an_address_that_floods(settings, alices_license: License) -> None:
    settings.API_REFUSALS_PER_MINUTE = 1
    used, unused = (issue(alices_license, name=name).plaintext for name in ("used", "unused"))
    assert statuses(used, 1, ELSEWHERE) == [200]

    statuses(unknown(), 5)

    assert statuses(used, 3) == [200] * 3
    assert statuses(unused, 1) == [429]
    assert statuses(unused, 1, ELSEWHERE) == [200]
    assert statuses(unused, 1) == [200]


def test_callers_without_an_address_do_not_shut_each_other_out(settings, issued: Issued) -> None:
    settings.API_REFUSALS_PER_MINUTE = 1

    assert statuses(unknown(), 3, "") == [401, 429, 429]

    assert statuses(issued.plaintext, 1, "") == [200]


def test_a_real_token_that_is_refused_counts_as_its_own_call_and_not_against_the_address(
    settings, alices_license: License
) -> None:
    settings.API_REFUSALS_PER_MINUTE, settings.API_CALLS_PER_MINUTE = 2, 3
    stopped, good = (issue(alices_license, name=name) for name in ("stopped", "good"))
    lifecycle.revoke(actor=SYSTEM, token=stopped.token)

    assert statuses(stopped.plaintext, 5) == [401, 401, 401, 429, 429]

    assert call(stopped.plaintext)["RateLimit"].startswith('"calls";r=0;')
    assert statuses(good.plaintext, 1) == [200]
    assert statuses("nonsense", 1) == [401]
    assert {code for _, _, code in ledger.gathered.refusals} == {"token_revoked", "rate_limited"}


def test_a_missing_credential_counts_for_nothing(settings, issued: Issued) -> None:
    settings.API_REFUSALS_PER_MINUTE = 1

    assert [Client(REMOTE_ADDR=HOME).get(SELF).status_code for _ in range(3)] == [401] * 3

    assert statuses(issued.plaintext, 1) == [200]


def test_what_is_remembered_of_tokens_is_digests_and_not_many() -> None:
    recent: Recent[bytes, bool] = Recent(most=100)
    in_use, asked_for = b"in use", b"asked for"
    recent[asked_for] = True

    for number in range(1000):
        recent[number.to_bytes(32, "big")] = True
        recent[in_use] = True
        assert recent.get(asked_for)

    assert len(recent) <= 100
    assert in_use in recent
    assert (999).to_bytes(32, "big") in recent
    assert (1).to_bytes(32, "big") not in recent
    assert recent.get((1).to_bytes(32, "big")) is None


def test_a_call_leaves_no_text_behind(issued: Issued) -> None:
    call(issued.plaintext)

    assert list(throttling.recently_met.newer) == [bytes(Token.objects.get().digest)]


# People


@pytest.fixture
def three_an_hour(settings) -> None:
    settings.TOKEN_ISSUES_PER_HOUR = 3


def spend_all(license: License) -> list[Token]:
    return [issue(license, name=f"token {number}").token for number in range(3)]


ACTS = {
    "issue": lambda user, token: issue(token.license, name="one more"),
    "rotate": lambda user, token: rotated(token),
    "regenerate": lambda user, token: lifecycle.regenerate(actor=Actor(user), owner=user),
}


@pytest.mark.usefixtures("three_an_hour")
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_whoever_made_many_tokens_waits_whichever_way_the_next_is_made(alices_license: License, act, clock) -> None:
    alice, made = alices_license.user, spend_all(alices_license)

    clock.shift(600)
    with pytest.raises(
        TooOften, match=r"You have made 3 tokens within the hour\. Try again in 50 minutes\."
    ) as refusal:
        act(alice, made[0])

    assert refusal.value.retry_after == 3000
    assert Token.objects.count() == 3
    clock.shift(3000)
    assert act(alice, made[0])


@pytest.mark.usefixtures("three_an_hour")
def test_another_person_need_not_wait(alices_license: License, bob: User) -> None:
    spend_all(alices_license)

    assert issue(License.objects.get(user=bob))


@pytest.mark.usefixtures("three_an_hour")
def test_an_administrator_cannot_spread_them_over_service_accounts(bob: User) -> None:
    organization = License.objects.get(user=bob).organization
    accounts = [service_account(organization, f"machine {number}") for number in range(4)]

    def give(license: License) -> Issued:
        ends_at = timezone.now() + timedelta(days=9)
        return lifecycle.issue(actor=Actor(bob), license=license, name="ci", scope=["account:read"], expires_at=ends_at)

    for license in accounts[:3]:
        give(license)

    with pytest.raises(TooOften):
        give(accounts[3])


@pytest.mark.usefixtures("three_an_hour")
def test_an_act_that_is_refused_anyway_takes_nothing(alices_license: License) -> None:
    issue(alices_license, name="ci")
    for _ in range(5):
        with pytest.raises(lifecycle.ActRefused, match="already a token named"):
            issue(alices_license, name="ci")

    assert issue(alices_license, name="another")


@pytest.mark.usefixtures("three_an_hour")
def test_pages_and_the_api_count_together_and_each_says_it_in_its_way(alices_license: License, alice: User) -> None:
    script = lifecycle.regenerate(actor=Actor(alice), owner=alice).plaintext
    browser = signed_in(alice)
    for number in range(2):
        issue(alices_license, name=f"token {number}")

    page = browser.post(reverse("api-key-reset"), follow=True)
    answer = Client().post(
        "/api/v1/tokens",
        {"name": "ci", "scopes": ["account:read"]},
        content_type="application/json",
        headers={"Authorization": f"Bearer {script}"},
    )

    assert "You have made 3 tokens within the hour." in page.content.decode()
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert answer["Retry-After"] == "3600"
    assert "You have made 3 tokens" in answer.json()["detail"]
    assert Token.objects.count() == 3
