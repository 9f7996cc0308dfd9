"""Revoking many tokens at once: counted, confirmed, in batches that may be interrupted and repeated."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AuditEvent, License, User
from tests.conftest import signed_in
from tests.factories import LicenseFactory, issue, rename
from tests.tokens.scenes import let_expire
from tokens import bulk, lifecycle
from tokens.models import Hold, Token

PAGE = "/admin/meridian/tokens/revoke/"
PROGRESS = f"{PAGE}progress/"


@pytest.fixture
def client(bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def tokens(alices_license: License, bob: User, monkeypatch: pytest.MonkeyPatch) -> list[Token]:
    """Seven: six of Alice's that match "job", and one of Bob's; in batches of two."""
    monkeypatch.setattr(bulk, "BATCH", 2)
    made = [issue(alices_license, f"job {number}").token for number in range(6)]
    return [*made, issue(bob.licenses.get(), "other").token]


def begin(client: Client, query: str, **typed: str):
    """The answer to the question that the address asks; the number is typed as it should be."""
    asked = client.get(f"{PAGE}?{query}").context
    return client.post(PAGE, {"selection": asked["signed"], "confirmation": str(asked["selection"].count)} | typed)


def finish(client: Client, answer):
    while "signed" in answer.context:
        answer = client.post(PROGRESS, {"run": answer.context["signed"]})
    return answer


def left() -> list[str]:
    return sorted(Token.objects.filter(revoked_at=None).values_list("name", flat=True))


def test_everything_that_matches_is_revoked_in_batches(client: Client, tokens: list[Token], bob: User) -> None:
    first = begin(client, "everything=&q=job", reason="The project is over")
    assert len(left()) == 5
    assert "2 of 6 revoked" in first.content.decode()

    last = finish(client, first)

    assert left() == ["other"]
    assert (last.context["revoked"], last.context["spared"]) == (6, 0)
    row = Token.objects.get(name="job 3")
    assert (row.hold, row.revoked_by, row.stop_reason) == (Hold.ADMINISTRATOR, bob, "The project is over")
    event = AuditEvent.objects.get(action="tokens.bulk_revoked")
    assert (event.actor, event.details["count"], event.details["reason"]) == (bob, 6, "The project is over")
    assert event.details["chosen"] == "matches “job”"
    each = AuditEvent.objects.filter(action="token.revoked")
    assert each.count() == 6
    assert {event.details["bulk"] for event in each} == {AuditEvent.objects.get(action="tokens.bulk_revoked").pk}


def test_what_was_chosen_is_revoked_and_ones_own_is_held_by_oneself(client: Client, tokens: list[Token]) -> None:
    query = urlencode([("token", tokens[0].pk), ("token", tokens[6].pk)])

    finish(client, begin(client, query))

    held = Token.objects.exclude(hold="").values_list("name", "hold")
    assert set(held) == {("job 0", Hold.ADMINISTRATOR), ("other", Hold.OWNER)}


@pytest.mark.parametrize("typed", ["", "5", "6.0", "six", "6" * 30])
def test_without_the_right_number_nothing_happens(client: Client, tokens: list[Token], typed: str) -> None:
    answer = begin(client, "everything=&q=job", confirmation=typed)

    assert answer.status_code == 200
    assert "confirmation" in answer.context["form"].errors
    assert len(left()) == 7
    assert not AuditEvent.objects.filter(action="tokens.bulk_revoked").exists()


def test_one_token_needs_no_number(client: Client, tokens: list[Token]) -> None:
    page = client.get(f"{PAGE}?token={tokens[0].pk}")
    assert "confirmation" not in page.context["form"].fields

    client.post(PAGE, {"selection": page.context["signed"]})

    assert "job 0" not in left()


def test_tokens_made_after_the_question_and_those_that_changed_are_spared(
    client: Client, tokens: list[Token], bob: User
) -> None:
    first = begin(client, "everything=&q=job")
    bob.licenses.update(allowance=20)
    issue(bob.licenses.get(), "job of tomorrow")
    rename(Token.objects.filter(name="job 4"), name="renamed")
    lifecycle.revoke(actor=Actor(bob), token=Token.objects.get(name="job 5"))

    last = finish(client, first)

    assert left() == ["job of tomorrow", "other", "renamed"]
    assert (last.context["revoked"], last.context["spared"]) == (4, 2)


def test_every_step_can_be_repeated(client: Client, tokens: list[Token]) -> None:
    asked = client.get(f"{PAGE}?everything=").context
    form = {"selection": asked["signed"], "confirmation": "7"}

    client.post(PAGE, form)
    first = client.post(PAGE, form)
    client.post(PROGRESS, {"run": first.context["signed"]})
    last = finish(client, client.post(PROGRESS, {"run": first.context["signed"]}))
    again = client.post(PROGRESS, {"run": first.context["signed"]})

    assert left() == []
    assert AuditEvent.objects.filter(action="tokens.bulk_revoked").count() == 1
    assert AuditEvent.objects.filter(action="token.revoked").count() == 7
    assert last.context["revoked"] == again.context["revoked"] == 7


def test_what_has_stopped_or_belongs_to_others_cannot_be_chosen(
    client: Client, tokens: list[Token], mallory: User
) -> None:
    foreign = issue(mallory.licenses.get(), "foreign").token
    let_expire(tokens[0])
    query = urlencode([("token", token) for token in (foreign.pk, tokens[0].pk, "x", "²", "-1", 2**62, 10**30, "\0")])

    page = client.get(f"{PAGE}?{query}")

    assert page.context["selection"].count == 0
    assert "foreign" not in page.content.decode()
    client.post(PAGE, {"selection": page.context["signed"]})
    assert "foreign" in left()
    assert not AuditEvent.objects.filter(action="tokens.bulk_revoked").exists()


@pytest.mark.parametrize("word", ["selection", "run"])
@pytest.mark.parametrize("who", ["another administrator", "another organization", "later", "forged", "nothing"])
def test_signed_text_is_of_no_use_to_others_or_later(
    client: Client, tokens: list[Token], mallory: User, bob: User, who: str, word: str, time_machine
) -> None:
    asked = client.get(f"{PAGE}?everything=")
    signed = asked.context["signed"]
    if word == "run":
        signed = client.post(PAGE, {"selection": signed, "confirmation": "7"}).context["signed"]
    before = left()
    page = PAGE if word == "selection" else PROGRESS
    if who == "another administrator":
        client = signed_in(LicenseFactory(organization=tokens[0].organization, administrator=True).user)
    elif who == "another organization":
        client, page = signed_in(mallory), page.replace("meridian", "elsewhere")
    elif who == "later":
        time_machine.move_to(timezone.now() + timedelta(hours=2))
        client = signed_in(bob)
    else:
        signed = "" if who == "nothing" else signed[:-2]

    answer = client.post(page, {word: signed, "confirmation": "7"})

    assert answer.status_code == 302
    assert left() == before


def test_an_interrupted_run_ends_for_who_administers_no_more(client: Client, tokens: list[Token], bob: User) -> None:
    first = begin(client, "everything=")
    bob.licenses.update(role="member")

    answer = client.post(PROGRESS, {"run": first.context["signed"]})

    assert answer.status_code == 404
    assert len(left()) == 5


def test_a_batch_takes_a_fixed_number_of_queries_a_token(alices_license: License, bob: User) -> None:
    def queries(count: int) -> int:
        ids = [issue(alices_license, f"{count} {number}").token.pk for number in range(count)]
        with CaptureQueriesContext(connection) as captured:
            revoked = lifecycle.revoke_many(actor=Actor(bob), organization=alices_license.organization, ids=ids)
        assert revoked == count
        return len(captured)

    one, three, nine = queries(1), queries(3), queries(9)

    assert (three - one) * 3 == nine - three


def test_the_list_offers_what_can_be_revoked(client: Client, tokens: list[Token], bob: User) -> None:
    lifecycle.revoke(actor=Actor(bob), token=tokens[0])

    page = client.get("/admin/meridian/tokens/")
    html = page.content.decode()

    assert html.count('name="token"') == 6
    assert f'value="{tokens[0].pk}"' not in html
    assert "Revoke everything" not in html
    assert "Revoke everything that matches (6)" in client.get("/admin/meridian/tokens/?q=job").content.decode()
