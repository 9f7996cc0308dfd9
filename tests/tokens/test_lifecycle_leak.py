"""A token that was reported as leaked stops for good, and its owner is told once."""

from collections.abc import Callable

import pytest
from django.core import mail

from accounts.actor import Actor
from accounts.models import AuditEvent, License, User
from tests.tokens.scenes import hold_of, let_expire, state_of
from tokens import lifecycle
from tokens.lifecycle import ActRefused, Issued
from tokens.models import State, Token

ANYBODY = Actor(None, "198.51.100.9", "curl/8")


@pytest.mark.parametrize("reporter", ["bob", None])
def test_it_stops_is_recorded_and_its_owner_is_written_to(
    issued: Issued,
    request: pytest.FixtureRequest,
    django_capture_on_commit_callbacks: Callable[..., object],
    reporter: str | None,
) -> None:
    person = request.getfixturevalue(reporter) if reporter else None

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        lifecycle.revoke_as_leaked(actor=Actor(person, "198.51.100.9"), token=issued.token)

    token = Token.objects.get(pk=issued.token.pk)
    assert (state_of(token), token.hold, token.revoked_by) == (State.REVOKED, "leak", person)
    event = AuditEvent.objects.get(action="token.leaked")
    assert (event.actor, event.address, event.token_hint) == (person, "198.51.100.9", token.hint)
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.org"]
    assert letter.subject == "nightly-export was reported as leaked and has stopped"
    html = str(letter.alternatives[0][0])  # type: ignore[attr-defined]
    assert all(token.hint in text and str(issued.plaintext) not in text for text in (str(letter.body), html))


def test_a_second_report_changes_nothing_and_writes_nothing(
    issued: Issued, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        first = lifecycle.revoke_as_leaked(actor=ANYBODY, token=issued.token)
        second = lifecycle.revoke_as_leaked(actor=ANYBODY, token=issued.token)

    assert second.revoked_at == first.revoked_at
    assert AuditEvent.objects.filter(action="token.leaked").count() == 1
    assert len(mail.outbox) == 1


def test_no_letter_leaves_before_the_commit(issued: Issued) -> None:
    lifecycle.revoke_as_leaked(actor=ANYBODY, token=issued.token)

    assert mail.outbox == []


@pytest.mark.parametrize("governor", [True, False])
def test_nobody_re_approves_it(issued: Issued, bob: User, governor: bool) -> None:
    lifecycle.revoke_as_leaked(actor=ANYBODY, token=issued.token)

    with pytest.raises(ActRefused):
        lifecycle.reapprove(actor=Actor(bob if governor else issued.token.owner), token=issued.token)

    assert hold_of(issued.token) == "leak"


@pytest.mark.parametrize("stopped_by", ["alice", "bob"])
def test_it_takes_the_place_of_a_hold_that_could_be_lifted(
    issued: Issued, request: pytest.FixtureRequest, stopped_by: str
) -> None:
    lifecycle.revoke(actor=Actor(request.getfixturevalue(stopped_by)), token=issued.token)

    lifecycle.revoke_as_leaked(actor=ANYBODY, token=issued.token)

    assert hold_of(issued.token) == "leak"


def test_an_expired_one_is_reported_too(issued: Issued) -> None:
    let_expire(issued.token)

    lifecycle.revoke_as_leaked(actor=ANYBODY, token=issued.token)

    assert hold_of(issued.token) == "leak"


def test_a_sealed_copy_of_an_account_token_goes(alices_license: License, settings) -> None:
    settings.ACCOUNT_TOKEN_REVEAL = "recent-sign-in"
    owner = alices_license.user
    token = lifecycle.regenerate(actor=Actor(owner), owner=owner).token
    assert token.sealed

    lifecycle.revoke_as_leaked(actor=ANYBODY, token=token)

    token.refresh_from_db()
    assert (token.hold, token.sealed) == ("leak", None)
    assert lifecycle.regenerate(actor=Actor(owner), owner=owner).token.is_revoked is False


def test_one_that_was_regenerated_before_stays_as_it_is(alice: User) -> None:
    former = lifecycle.regenerate(actor=Actor(alice), owner=alice).token
    lifecycle.regenerate(actor=Actor(alice), owner=alice)

    lifecycle.revoke_as_leaked(actor=ANYBODY, token=former)

    assert hold_of(former) == "regenerated"
    assert not AuditEvent.objects.filter(action="token.leaked").exists()
