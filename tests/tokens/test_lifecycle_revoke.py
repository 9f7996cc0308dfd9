"""Revoke, re-approve, sign out: who holds a token back, and who lets it go again."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import seats
from accounts.actor import Actor
from accounts.models import AuditEvent, License, User
from tests.conftest import signed_in
from tests.factories import LicenseFactory, issue
from tests.tokens.scenes import fill, hold_of, let_expire, state_of
from tokens import lifecycle
from tokens.lifecycle import ActRefused, Issued
from tokens.models import Hold, State, Token


@pytest.mark.parametrize(("who", "hold"), [("alice", Hold.OWNER), ("bob", Hold.ADMINISTRATOR)])
def test_a_revoked_token_says_who_holds_it(issued: Issued, alice: User, bob: User, who: str, hold: Hold) -> None:
    person = {"alice": alice, "bob": bob}[who]

    lifecycle.revoke(actor=Actor(person), token=issued.token)

    token = Token.objects.get()
    assert (token.hold, token.revoked_by) == (hold, person)
    assert state_of(token) == State.REVOKED
    event = AuditEvent.objects.get(action="token.revoked")
    assert (event.actor, event.subject, event.token_id, event.details) == (person, alice, token.pk, {"hold": hold})


@pytest.mark.parametrize("hold", [Hold.OWNER, Hold.SIGN_OUT])
def test_an_administrator_takes_over_a_weaker_hold_and_the_moment_of_revoking_stays(
    issued: Issued, bob: User, hold: Hold
) -> None:
    revoked_at = timezone.now()
    Token.objects.update(revoked_at=revoked_at, hold=hold)

    lifecycle.revoke(actor=Actor(bob), token=issued.token)

    assert (Token.objects.get().revoked_at, hold_of(issued.token)) == (revoked_at, Hold.ADMINISTRATOR)


@pytest.mark.parametrize("hold", [Hold.ADMINISTRATOR, Hold.DEACTIVATION, Hold.REGENERATED, Hold.LEAK])
def test_a_stronger_hold_is_not_replaced(issued: Issued, alice: User, bob: User, hold: Hold) -> None:
    Token.objects.update(revoked_at=timezone.now(), hold=hold)

    for person in (alice, bob):
        lifecycle.revoke(actor=Actor(person), token=issued.token)

    assert hold_of(issued.token) == hold
    assert not AuditEvent.objects.filter(action="token.revoked").exists()


def test_an_expired_token_can_still_be_revoked(issued: Issued, alice: User) -> None:
    let_expire(issued.token)

    lifecycle.revoke(actor=Actor(alice), token=issued.token)

    assert hold_of(issued.token) == Hold.OWNER


def test_the_owner_lifts_their_own_hold(issued: Issued, alice: User) -> None:
    lifecycle.revoke(actor=Actor(alice), token=issued.token)

    lifecycle.reapprove(actor=Actor(alice), token=issued.token)

    token = Token.objects.get()
    assert (state_of(token), token.hold, token.revoked_by) == (State.ACTIVE, "", None)
    event = AuditEvent.objects.get(action="token.reapproved")
    assert (event.actor, event.details) == (alice, {"hold": "owner"})


@pytest.mark.parametrize("who", ["alice", "mallory", "charlie", "nobody"])
def test_an_administrators_hold_is_lifted_by_no_one_below_or_beside(
    issued: Issued, alice: User, bob: User, mallory: User, charlie: User, who: str
) -> None:
    lifecycle.revoke(actor=Actor(bob), token=issued.token)
    person = {"alice": alice, "mallory": mallory, "charlie": charlie, "nobody": None}[who]

    with pytest.raises(ActRefused, match="cannot be re-approved"):
        lifecycle.reapprove(actor=Actor(person), token=issued.token)
    assert hold_of(issued.token) == Hold.ADMINISTRATOR

    lifecycle.reapprove(actor=Actor(bob), token=issued.token)
    assert state_of(issued.token) == State.ACTIVE


def test_an_administrator_lifts_no_hold_of_another_from_their_own_token(bob: User) -> None:
    license = bob.licenses.get()
    other = LicenseFactory(organization=license.organization, administrator=True).user
    token = issue(license).token
    lifecycle.revoke(actor=Actor(other), token=token)

    with pytest.raises(ActRefused, match="cannot be re-approved"):
        lifecycle.reapprove(actor=Actor(bob), token=token, reason="It is mine")

    lifecycle.reapprove(actor=Actor(other), token=token, reason="It was a test")
    assert state_of(token) == State.ACTIVE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (let_expire, "cannot be re-approved"),
        (lambda token: Token.objects.update(hold=Hold.LEAK), "cannot be re-approved"),
        (lambda token: fill(token.license), "All 10 hooks of Studio are taken"),
        (lambda token: issue(token.license, name="Nightly-export"), "already a token named nightly-export"),
        (lambda token: License.objects.filter(pk=token.license_id).update(valid_until=timezone.now()), "not in force"),
        (
            lambda token: License.objects.filter(pk=token.license_id).update(deactivated_at=timezone.now()),
            "not in force",
        ),
        (lambda token: User.objects.filter(pk=token.owner_id).update(is_active=False), "not in force"),
    ],
    ids=["expired", "leaked", "full", "name taken", "license ended", "license off", "owner off"],
)
@pytest.mark.parametrize("who", ["alice", "bob"])
def test_reapproving_is_refused_for_a_reason_even_to_an_administrator(
    issued: Issued, alice: User, bob: User, change, reason: str, who: str
) -> None:
    lifecycle.revoke(actor=Actor(alice), token=issued.token)
    change(issued.token)

    with pytest.raises(ActRefused, match=reason):
        lifecycle.reapprove(actor=Actor({"alice": alice, "bob": bob}[who]), token=issued.token)

    assert Token.objects.get(pk=issued.token.pk).is_revoked


def test_what_is_not_revoked_needs_no_reapproval(issued: Issued, alice: User) -> None:
    lifecycle.reapprove(actor=Actor(alice), token=issued.token)

    assert not AuditEvent.objects.filter(action="token.reapproved").exists()


def test_signing_out_stops_what_was_asked_to_stop_and_nothing_else(alices_license: License, bob: User) -> None:
    stopping = issue(alices_license, name="this afternoon", revoke_on_sign_out=True).token
    staying = issue(alices_license, name="nightly").token
    bobs = issue(bob.licenses.get(), revoke_on_sign_out=True).token
    client = signed_in(alices_license.user)

    client.post(reverse("account_logout"))

    assert [hold_of(token) for token in (stopping, staying, bobs)] == [Hold.SIGN_OUT, "", ""]
    lifecycle.reapprove(actor=Actor(alices_license.user), token=stopping)
    assert state_of(stopping) == State.ACTIVE


@pytest.mark.parametrize("former", [Hold.OWNER, Hold.SIGN_OUT])
def test_a_deactivation_takes_over_what_the_owner_could_lift(alices_license: License, bob: User, former: str) -> None:
    token = issue(alices_license).token
    Token.objects.filter(pk=token.pk).update(revoked_at=timezone.now(), hold=former)

    seats.deactivate_license(alices_license, actor=Actor(bob))

    token.refresh_from_db()
    assert token.hold == Hold.DEACTIVATION


def test_a_batch_takes_over_what_its_owner_stopped_meanwhile(issued: Issued, alice: User, bob: User) -> None:
    lifecycle.revoke(actor=Actor(alice), token=issued.token)
    organization = issued.token.organization

    stopped = [
        lifecycle.revoke_many(actor=Actor(bob), organization=organization, ids=[issued.token.pk]) for _ in range(2)
    ]

    assert (stopped, hold_of(issued.token)) == ([1, 0], Hold.ADMINISTRATOR)
