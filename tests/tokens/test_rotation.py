"""A successor on the same hook, and a predecessor that ends in its own time."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, License, User
from tests.calls import call, outcome
from tests.factories import LicenseFactory, issue
from tokens import lifecycle
from tokens.lifecycle import ActRefused, AlreadyDone, Issued
from tokens.models import Hold, State, Token, TokenNetwork

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def rotate(token: Token, overlap: timedelta = DAY, **choices: object) -> Issued:
    return lifecycle.rotate(actor=Actor(token.owner), token=token, overlap=overlap, **choices)


def fresh(token: Token) -> Token:
    return Token.objects.with_surroundings().get(pk=token.pk)


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with at(NOW):
        yield


@pytest.fixture
def old(alices_license: License) -> Issued:
    with at(NOW - 10 * DAY):
        return issue(
            alices_license,
            scope="account:write tokens:read",
            expires_at=NOW + 50 * DAY,
            allowed_networks=["192.0.2.0/24"],
            revoke_on_sign_out=True,
        )


def test_the_successor_inherits_everything_but_the_text(old: Issued) -> None:
    with at(NOW):
        new = rotate(old.token)

    successor = fresh(new.token)
    for field in ("name", "scope", "allowed_networks", "revoke_on_sign_out", "license", "owner"):
        assert getattr(successor, field) == getattr(old.token, field), field
    assert successor.predecessor == old.token
    assert successor.created_at == NOW
    assert new.plaintext != old.plaintext
    assert successor.state(NOW) == State.ACTIVE


@pytest.mark.parametrize("lifetime", [timedelta(days=60), None])
def test_the_lifetime_carries_over(alices_license: License, lifetime: timedelta | None) -> None:
    with at(NOW - 10 * DAY):
        token = issue(alices_license, expires_at=lifetime and timezone.now() + lifetime).token

    with at(NOW):
        successor = rotate(token).token

    assert successor.expires_at == (lifetime and NOW + lifetime)


def test_the_new_expiry_is_at_the_same_hour_where_the_owner_is_across_daylight_saving(alices_license: License) -> None:
    User.objects.update(time_zone="Europe/Oslo")
    with at(NOW):
        token = issue(alices_license, expires_at=datetime(2026, 3, 20, 22, 59, 59, tzinfo=UTC)).token

    with at(NOW + 15 * DAY):
        successor = rotate(token).token

    assert successor.expires_at == datetime(2026, 4, 4, 21, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("overlap", [HOUR, 24 * HOUR, 7 * DAY])
def test_both_texts_work_until_the_overlap_ends(old: Issued, overlap: timedelta) -> None:
    with at(NOW):
        new = rotate(old.token, overlap)

    with at(NOW + overlap - SECOND):
        assert (outcome(call(old)), outcome(call(new))) == ("let in", "let in")
    with at(NOW + overlap):
        assert (outcome(call(old)), outcome(call(new))) == ("token_revoked", "let in")


def test_without_an_overlap_the_old_token_stops_at_once(old: Issued) -> None:
    with at(NOW):
        new = rotate(old.token, timedelta(0))

        assert (outcome(call(old)), outcome(call(new))) == ("token_revoked", "let in")
    assert fresh(old.token).hold == Hold.REPLACED


def test_the_overlap_never_lasts_past_the_old_tokens_own_expiry(alices_license: License) -> None:
    with at(NOW):
        old = issue(alices_license, expires_at=NOW + HOUR)

        rotate(old.token, 7 * DAY)

    assert fresh(old.token).stops_at == NOW + HOUR


def test_a_token_without_expiry_overlaps_for_as_long_as_was_chosen(alices_license: License) -> None:
    with at(NOW):
        old = issue(alices_license, expires_at=None)

        rotate(old.token, 7 * DAY)

    assert fresh(old.token).stops_at == NOW + 7 * DAY


def test_a_call_is_told_when_the_overlap_ends(old: Issued) -> None:
    with at(NOW):
        rotate(old.token, DAY)

        assert call(old).headers["Tokenrack-Token-Expires"] == "2026-03-03T09:00:00Z"


def test_the_row_and_the_queryset_agree_on_what_is_ending(old: Issued) -> None:
    with at(NOW):
        rotate(old.token, DAY)

    for moment, state in ((NOW, State.ENDING), (NOW + DAY - SECOND, State.ENDING), (NOW + DAY, State.REVOKED)):
        assert fresh(old.token).state(moment) == state
        found = {each for each in State if Token.objects.in_state(each, moment).filter(pk=old.token.pk).exists()}
        assert found == {state}


def test_a_full_rack_can_be_rotated_and_stays_full(alices_license: License) -> None:
    tokens = [issue(alices_license, name=f"job-{number}").token for number in range(alices_license.allowance)]

    rotate(tokens[0])

    assert alices_license.tokens.on_hooks(timezone.now()).count() == alices_license.allowance
    with pytest.raises(ActRefused, match="hooks of Studio are taken"):
        issue(alices_license, name="one more")


def test_the_predecessor_takes_no_hook_while_it_still_works(alices_license: License) -> None:
    token = issue(alices_license).token

    successor = rotate(token).token

    assert list(alices_license.tokens.on_hooks(timezone.now())) == [successor]
    assert not fresh(token).has_ended(timezone.now())


def test_a_rotation_needs_a_free_hook_once_the_successor_has_left_its_own(alices_license: License) -> None:
    token = issue(alices_license).token
    lifecycle.revoke(actor=Actor(token.owner), token=rotate(token).token)
    for number in range(alices_license.allowance):
        issue(alices_license, name=f"job-{number}")

    with pytest.raises(ActRefused, match="hooks of Studio are taken"):
        rotate(token)

    assert alices_license.tokens.on_hooks(timezone.now()).count() == alices_license.allowance


def test_a_rotation_does_not_take_a_name_that_was_given_away_meanwhile(alices_license: License) -> None:
    token = issue(alices_license, name="nightly-export").token
    lifecycle.revoke(actor=Actor(token.owner), token=rotate(token).token)
    issue(alices_license, name="nightly-export")

    with pytest.raises(ActRefused, match="already a token named"):
        rotate(token)

    assert alices_license.tokens.on_hooks(timezone.now()).count() == 1


def expired(token: Token, bob: User) -> None:
    Token.objects.update(expires_at=NOW)


def revoked(token: Token, bob: User) -> None:
    lifecycle.revoke(actor=Actor(token.owner), token=token)


def replaced_and_over(token: Token, bob: User) -> None:
    rotate(token, timedelta(0))


def license_ended(token: Token, bob: User) -> None:
    License.objects.update(valid_until=NOW)


def owner_switched_off(token: Token, bob: User) -> None:
    User.objects.filter(pk=token.owner_id).update(is_active=False)


def nothing(token: Token, bob: User) -> None:
    pass


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (nothing, None),
        (expired, "has ended"),
        (revoked, "has ended"),
        (replaced_and_over, "has ended"),
        (license_ended, "is not in force"),
        (owner_switched_off, "is not in force"),
    ],
)
def test_only_what_works_can_be_rotated(old: Issued, bob: User, happened, reason: str | None) -> None:
    with at(NOW):
        happened(old.token, bob)
        before = Token.objects.count()

        if reason:
            with pytest.raises(ActRefused, match=reason):
                rotate(old.token)
        else:
            rotate(old.token)

    assert Token.objects.count() == before + (0 if reason else 1)


def test_the_account_token_is_regenerated_and_never_rotated(alice: User) -> None:
    token = lifecycle.regenerate(actor=Actor(alice), owner=alice).token

    with pytest.raises(ActRefused, match="regenerated, not rotated"):
        rotate(token)


# Ends as soon as the new one is used


def test_the_first_use_of_the_new_one_ends_the_old_one_if_so_chosen(old: Issued) -> None:
    new = rotate(old.token, DAY, stops_on_use=True)
    assert outcome(call(old)) == "let in"

    assert outcome(call(new)) == "let in"

    assert outcome(call(old)) == "token_revoked"
    assert (fresh(old.token).hold, fresh(old.token).revoked_by) == (Hold.REPLACED, None)


def test_otherwise_the_old_one_works_on_beside_the_new_one(old: Issued) -> None:
    new = rotate(old.token, DAY, stops_on_use=False)

    call(new)

    assert outcome(call(old)) == "let in"


def test_a_refused_call_with_the_new_one_is_no_use_of_it(old: Issued) -> None:
    new = rotate(old.token, DAY, stops_on_use=True)

    assert outcome(call(new, "198.51.100.1")) == "address_denied"

    assert outcome(call(old)) == "let in"


def test_a_later_use_of_the_new_one_does_not_end_anything_again(old: Issued) -> None:
    new = rotate(old.token, DAY, stops_on_use=True)
    call(new)
    events = AuditEvent.objects.count()

    call(new)

    assert AuditEvent.objects.count() == events


# Tried again


def test_a_rotation_that_is_tried_again_leaves_one_living_successor(old: Issued) -> None:
    first = rotate(old.token)

    second = rotate(old.token)

    assert list(old.token.successors.filter(revoked_at=None)) == [second.token]
    assert fresh(first.token).hold == Hold.REPLACED
    assert (outcome(call(first)), outcome(call(second)), outcome(call(old))) == ("token_revoked", "let in", "let in")


def test_trying_again_does_not_push_the_end_back(old: Issued) -> None:
    with at(NOW):
        rotate(old.token, HOUR)
    with at(NOW + HOUR / 2):
        rotate(old.token, 7 * DAY)

    assert fresh(old.token).stops_at == NOW + HOUR
    assert fresh(old.token).replaced_at == NOW


def test_trying_again_may_bring_the_end_nearer(old: Issued) -> None:
    with at(NOW):
        rotate(old.token, 7 * DAY)

        rotate(old.token, HOUR)

    assert fresh(old.token).stops_at == NOW + HOUR


def test_once_the_successor_is_in_use_the_old_one_is_not_rotated_again(old: Issued) -> None:
    new = rotate(old.token)
    call(new)

    with pytest.raises(ActRefused, match="its successor is in use"):
        rotate(old.token)

    assert list(old.token.successors.all()) == [new.token]


def test_a_successor_can_be_rotated_in_turn(old: Issued) -> None:
    new = rotate(old.token)
    call(new)

    newest = rotate(new.token)

    assert newest.token.predecessor == new.token
    assert [outcome(call(issued)) for issued in (old, new, newest)] == ["let in"] * 3


def test_the_same_form_sent_twice_rotates_once(old: Issued) -> None:
    key = uuid4()
    new = rotate(old.token, request_key=key)

    with pytest.raises(AlreadyDone) as done:
        rotate(old.token, request_key=key)

    assert done.value.token == new.token
    assert outcome(call(new)) == "let in"


def test_the_number_of_another_persons_form_tells_nothing_about_it(old: Issued, bob: User) -> None:
    key = uuid4()
    issue(bob.licenses.get(), request_key=key)

    with pytest.raises(ActRefused, match="Open it again") as refused:
        rotate(old.token, request_key=key)

    assert not isinstance(refused.value, AlreadyDone)


@pytest.mark.django_db(transaction=True)
def test_of_rotations_at_the_same_moment_one_successor_lives(old: Issued) -> None:
    start, made = threading.Barrier(6), []

    def rotate_once() -> None:
        start.wait()
        try:
            made.append(rotate(old.token).token)
        finally:
            connection.close()

    threads = [threading.Thread(target=rotate_once) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 6
    assert old.token.successors.filter(revoked_at=None).count() == 1


# For good


@pytest.mark.parametrize(
    "end",
    [
        lambda old, bob: rotate(old.token, timedelta(0)),
        lambda old, bob: call(rotate(old.token, DAY, stops_on_use=True)),
        lambda old, bob: (rotate(old.token), lifecycle.revoke(actor=Actor(old.token.owner), token=old.token)),
        lambda old, bob: (rotate(old.token), lifecycle.revoke(actor=Actor(bob), token=old.token)),
    ],
    ids=["without overlap", "on use", "revoked by its owner", "revoked by an administrator"],
)
def test_a_replaced_token_is_never_re_approved(old: Issued, bob: User, end) -> None:
    end(old, bob)

    for person in (old.token.owner, bob):
        with pytest.raises(ActRefused, match="cannot be re-approved"):
            lifecycle.reapprove(actor=Actor(person), token=old.token)
    assert outcome(call(old)) == "token_revoked"


def test_a_replaced_token_whose_overlap_is_over_is_not_re_approved(old: Issued, bob: User) -> None:
    with at(NOW):
        rotate(old.token, HOUR)

    with at(NOW + HOUR):
        lifecycle.reapprove(actor=Actor(bob), token=old.token)

        assert outcome(call(old)) == "token_revoked"


def test_a_replaced_token_cannot_be_edited(old: Issued) -> None:
    rotate(old.token)

    with pytest.raises(ActRefused, match="cannot be changed"):
        lifecycle.edit(actor=SYSTEM, token=old.token, name="renamed", scope=["account:read"])


def test_revoking_the_predecessor_leaves_the_successor_alone(old: Issued) -> None:
    new = rotate(old.token)

    lifecycle.revoke(actor=Actor(old.token.owner), token=old.token)

    assert (outcome(call(old)), outcome(call(new))) == ("token_revoked", "let in")


def test_a_rotation_is_in_the_audit_log_of_both_tokens_without_either_text(old: Issued, bob: User) -> None:
    with at(NOW):
        new = rotate(old.token, DAY)

    replaced, rotated = AuditEvent.objects.order_by("-pk")[:2]
    stops_at = "2026-03-03T09:00:00+00:00"
    assert (rotated.action, rotated.token_id, rotated.organization) == (
        "token.rotated",
        new.token.pk,
        bob.licenses.get().organization,
    )
    assert rotated.details == {"former": old.token.hint, "stops_at": stops_at}
    assert (replaced.action, replaced.token_id) == ("token.replaced", old.token.pk)
    assert replaced.details == {"successor": new.token.hint, "stops_at": stops_at}
    for event in AuditEvent.objects.all():
        assert str(old.plaintext) not in str(event.__dict__)
        assert str(new.plaintext) not in str(event.__dict__)


def test_an_individual_license_can_be_rotated_on_too(alice: User) -> None:
    old = issue(LicenseFactory(user=alice, individual=True))

    new = rotate(old.token)

    assert (outcome(call(old)), outcome(call(new))) == ("let in", "let in")


def test_the_networks_that_are_known_carry_over(alices_license: License) -> None:
    token = issue(alices_license).token
    TokenNetwork.objects.create(token=token, network="192.0.2.0/24", first_at=timezone.now())

    successor = lifecycle.rotate(actor=Actor(token.owner), token=token, overlap=timedelta(hours=1)).token

    assert [known.network for known in successor.networks.all()] == ["192.0.2.0/24"]


def test_a_rotation_leads_around_no_stop_by_an_administrator(issued: Issued, alice: User, bob: User) -> None:
    first = lifecycle.rotate(actor=Actor(alice), token=issued.token, overlap=7 * DAY)
    lifecycle.revoke(actor=Actor(bob), token=first.token)

    with pytest.raises(ActRefused, match="An administrator stopped"):
        lifecycle.rotate(actor=Actor(alice), token=issued.token, overlap=7 * DAY)
