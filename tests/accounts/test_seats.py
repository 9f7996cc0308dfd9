"""Switching seats and people off and on again, and what happens to sessions and tokens."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import seats
from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, License, Organization, User
from accounts.seats import SeatRefused
from tests.conftest import signed_in
from tests.factories import LicenseFactory, OrganizationFactory, issue
from tokens import lifecycle
from tokens.models import Hold, State, Token


def is_signed_in(client: Client) -> bool:
    """A page about a token that does not exist: not found, or first a way to the sign-in."""
    status = client.get(reverse("token-first-call", args=[0])).status_code
    assert status in {302, 404}
    return status == 404


@pytest.fixture
def bobs_license(bob: User) -> License:
    return bob.licenses.get()


@pytest.fixture
def second_license(alice: User) -> License:
    return LicenseFactory(user=alice, organization=OrganizationFactory(slug="second"))


def hold_of(token: Token) -> str:
    return Token.objects.get(pk=token.pk).hold


def switch_off_license(license: License, actor: Actor) -> None:
    seats.deactivate_license(license, actor=actor)


def switch_off_person(license: License, actor: Actor) -> None:
    seats.deactivate_user(license.user, actor=actor)


either = pytest.mark.parametrize("switch_off", [switch_off_license, switch_off_person])


@either
def test_switching_off_ends_every_session_of_the_person_and_nobody_elses(
    alices_license: License, bob: User, switch_off
) -> None:
    alices, other_of_alice, bobs = (
        signed_in(alices_license.user),
        signed_in(alices_license.user),
        signed_in(bob),
    )
    assert is_signed_in(alices)
    assert is_signed_in(other_of_alice)

    switch_off(alices_license, Actor(bob))

    assert not is_signed_in(alices)
    assert not is_signed_in(other_of_alice)
    assert is_signed_in(bobs)


@either
def test_switching_off_revokes_the_tokens_and_names_the_deactivation(
    alices_license: License, bob: User, bobs_license: License, switch_off
) -> None:
    alices, bobs = issue(alices_license).token, issue(bobs_license).token

    switch_off(alices_license, Actor(bob))

    alices.refresh_from_db()
    assert alices.state(timezone.now()) == State.REVOKED
    assert (alices.hold, alices.revoked_by) == (Hold.DEACTIVATION, bob)
    assert hold_of(bobs) == ""


@either
def test_switching_off_frees_the_hooks(alices_license: License, bob: User, switch_off) -> None:
    issue(alices_license)

    switch_off(alices_license, Actor(bob))

    assert not alices_license.tokens.on_hooks(timezone.now()).exists()


@either
def test_a_hold_that_was_there_before_stays(alices_license: License, bob: User, switch_off) -> None:
    token = issue(alices_license).token
    lifecycle.revoke(actor=Actor(bob), token=token)

    switch_off(alices_license, Actor(bob))

    assert hold_of(token) == Hold.ADMINISTRATOR


@either
@pytest.mark.django_db(transaction=True)
def test_where_the_tokens_cannot_be_stopped_nothing_is_switched_off(
    alices_license: License, bob: User, switch_off
) -> None:
    token = issue(alices_license).token

    def refuse_to_revoke(execute, sql, params, many, context):
        if sql.startswith('UPDATE "tokens_token"'):
            raise DatabaseError("The disk is full.")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse_to_revoke), pytest.raises(DatabaseError, match="disk is full"):
        switch_off(alices_license, Actor(bob))

    license = License.objects.select_related("user").get(pk=alices_license.pk)
    assert (license.deactivated_at, license.user.is_active, license.user.sessions_ended_at) == (
        None,
        True,
        None,
    )
    assert hold_of(token) == ""
    assert not AuditEvent.objects.filter(action__in=["member.deactivated", "user.deactivated"]).exists()


def test_switching_off_is_in_the_audit_log_with_every_token_it_stopped(alices_license: License, bob: User) -> None:
    token = issue(alices_license).token

    seats.deactivate_license(alices_license, actor=Actor(bob, "192.0.2.7"))

    deactivated, stopped = AuditEvent.objects.order_by("-pk")[:2]
    assert (deactivated.action, deactivated.actor, deactivated.address) == (
        "member.deactivated",
        bob,
        "192.0.2.7",
    )
    assert deactivated.organization == alices_license.organization
    assert (stopped.action, stopped.token_id, stopped.details) == (
        "token.revoked",
        token.pk,
        {"hold": "deactivation"},
    )


def test_the_account_token_stops_with_the_last_license_in_force(alices_license: License, bob: User) -> None:
    token = lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user).token

    seats.deactivate_license(alices_license, actor=Actor(bob))

    assert hold_of(token) == Hold.DEACTIVATION


def test_the_account_token_and_other_named_ones_stay_while_another_license_is_in_force(
    alices_license: License, second_license: License, bob: User
) -> None:
    token = lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user).token
    on_second = issue(second_license).token

    seats.deactivate_license(alices_license, actor=Actor(bob))

    assert hold_of(token) == ""
    assert hold_of(on_second) == ""


def test_a_license_that_has_ended_does_not_keep_the_account_token(
    alices_license: License, second_license: License, bob: User
) -> None:
    token = lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user).token
    License.objects.filter(pk=second_license.pk).update(valid_until=timezone.now())

    seats.deactivate_license(alices_license, actor=Actor(bob))

    assert hold_of(token) == Hold.DEACTIVATION


def test_switching_off_a_person_stops_everything_they_hold_anywhere(
    alices_license: License, second_license: License
) -> None:
    tokens = [
        issue(alices_license).token,
        issue(second_license).token,
        lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user).token,
    ]

    seats.deactivate_user(alices_license.user, actor=SYSTEM)

    assert [hold_of(token) for token in tokens] == [Hold.DEACTIVATION] * 3


@pytest.mark.parametrize(
    ("switch_off", "switch_on", "action"),
    [
        (
            switch_off_license,
            lambda license: seats.reactivate_license(license, actor=SYSTEM),
            "member.reactivated",
        ),
        (
            switch_off_person,
            lambda license: seats.reactivate_user(license.user, actor=SYSTEM),
            "user.reactivated",
        ),
    ],
)
def test_reactivation_brings_back_the_person_but_not_the_tokens(
    alices_license: License, bob: User, switch_off, switch_on, action: str
) -> None:
    token = issue(alices_license).token
    client = signed_in(alices_license.user)
    switch_off(alices_license, Actor(bob))

    switch_on(alices_license)

    license = License.objects.select_related("user").get(pk=alices_license.pk)
    assert license.is_in_force(timezone.now())
    assert license.user.is_active
    assert hold_of(token) == Hold.DEACTIVATION
    assert not is_signed_in(client)
    assert is_signed_in(signed_in(license.user))
    assert AuditEvent.objects.filter(action=action, subject=license.user).count() == 1


def test_what_is_still_needed_after_a_reactivation_is_reapproved(alices_license: License, bob: User) -> None:
    token = issue(alices_license).token
    seats.deactivate_license(alices_license, actor=Actor(bob))
    seats.reactivate_license(alices_license, actor=Actor(bob))

    lifecycle.reapprove(actor=Actor(bob), token=token)

    assert Token.objects.get(pk=token.pk).state(timezone.now()) == State.ACTIVE


def test_nobody_deactivates_their_own_license(bobs_license: License) -> None:
    LicenseFactory(organization=bobs_license.organization, administrator=True)

    with pytest.raises(SeatRefused, match="You cannot deactivate yourself"):
        seats.deactivate_license(bobs_license, actor=Actor(bobs_license.user))

    bobs_license.refresh_from_db()
    assert not bobs_license.is_deactivated


def test_nobody_deactivates_themselves(bob: User) -> None:
    with pytest.raises(SeatRefused, match="You cannot deactivate yourself"):
        seats.deactivate_user(bob, actor=Actor(bob))

    bob.refresh_from_db()
    assert bob.is_active


def test_an_administrator_is_deactivated_while_another_one_remains(bobs_license: License, alice: User) -> None:
    LicenseFactory(organization=bobs_license.organization, administrator=True)

    seats.deactivate_license(bobs_license, actor=Actor(alice))

    bobs_license.refresh_from_db()
    assert bobs_license.is_deactivated


@pytest.mark.parametrize(
    "why_the_other_does_not_count",
    [
        lambda other: License.objects.filter(pk=other.pk).update(role="member"),
        lambda other: License.objects.filter(pk=other.pk).update(valid_until=timezone.now()),
        lambda other: License.objects.filter(pk=other.pk).update(deactivated_at=timezone.now()),
        lambda other: License.objects.filter(pk=other.pk).update(organization=OrganizationFactory()),
        lambda other: User.objects.filter(pk=other.user_id).update(is_active=False),
    ],
    ids=["a member", "ended", "deactivated", "elsewhere", "switched off"],
)
def test_the_last_administrator_is_not_deactivated(
    bobs_license: License, alice: User, why_the_other_does_not_count
) -> None:
    other = LicenseFactory(organization=bobs_license.organization, administrator=True)
    why_the_other_does_not_count(other)

    with pytest.raises(SeatRefused, match="last administrator"):
        seats.deactivate_license(bobs_license, actor=Actor(alice))

    bobs_license.refresh_from_db()
    assert not bobs_license.is_deactivated


def test_doing_it_twice_changes_nothing_more(organization: Organization, alices_license: License, bob: User) -> None:
    seats.deactivate_license(alices_license, actor=Actor(bob))
    once = License.objects.get(pk=alices_license.pk).deactivated_at

    seats.deactivate_license(alices_license, actor=Actor(bob))

    assert License.objects.get(pk=alices_license.pk).deactivated_at == once
    assert AuditEvent.objects.filter(action="member.deactivated").count() == 1


@pytest.fixture
def second_administrator(organization: Organization) -> License:
    return LicenseFactory(organization=organization, administrator=True)


def withdraw(license: License, bob: User) -> None:
    seats.withdraw_license(license, actor=Actor(bob))


def leave(license: License, bob: User) -> None:
    seats.leave(license, actor=Actor(license.user))


either_way_out = pytest.mark.parametrize(("go", "action"), [(withdraw, "license.withdrawn"), (leave, "member.left")])


@either_way_out
def test_going_stops_the_tokens_of_that_license_and_no_others_and_ends_no_session(
    alices_license: License, second_license: License, bob: User, go, action: str
) -> None:
    here, there = issue(alices_license).token, issue(second_license).token
    account_token = lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user).token
    client = signed_in(alices_license.user)

    go(alices_license, bob)

    alices_license.refresh_from_db()
    assert alices_license.withdrawn_at == alices_license.deactivated_at is not None
    assert [hold_of(token) for token in (here, there, account_token)] == [Hold.DEACTIVATION, "", ""]
    assert is_signed_in(client)
    assert AuditEvent.objects.get(action=action).details["license"] == "Studio ST-20417"


def test_without_any_license_left_the_account_token_waits_suspended(alices_license: License, bob: User) -> None:
    token = lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user).token

    withdraw(alices_license, bob)

    assert Token.objects.with_surroundings().get(pk=token.pk).state(timezone.now()) == State.SUSPENDED


@either_way_out
def test_going_twice_changes_nothing_more(alices_license: License, bob: User, go, action: str) -> None:
    go(alices_license, bob)

    go(alices_license, bob)

    assert AuditEvent.objects.filter(action=action).count() == 1


def test_the_last_administrator_cannot_leave_until_there_is_another(bobs_license: License, bob: User) -> None:
    with pytest.raises(SeatRefused, match="last administrator cannot be removed"):
        leave(bobs_license, bob)
    LicenseFactory(organization=bobs_license.organization, administrator=True)

    leave(bobs_license, bob)

    assert License.objects.get(pk=bobs_license.pk).is_withdrawn


def test_the_last_administrator_is_not_withdrawn(bobs_license: License, alice: User) -> None:
    with pytest.raises(SeatRefused, match="last administrator"):
        seats.withdraw_license(bobs_license, actor=Actor(alice))


@pytest.mark.parametrize("whose", ["bob", "individual", "deactivated"])
def test_only_ones_own_license_of_an_organization_that_works_can_be_left(
    alices_license: License, bob: User, whose: str
) -> None:
    license = {
        "bob": alices_license,
        "individual": LicenseFactory(user=bob, individual=True),
        "deactivated": LicenseFactory(user=bob, deactivated_at=timezone.now()),
    }[whose]

    with pytest.raises(SeatRefused, match="cannot be left"):
        seats.leave(license, actor=Actor(bob))


def test_nobody_withdraws_their_own_license(bobs_license: License, second_administrator: License) -> None:
    with pytest.raises(SeatRefused, match="your own license"):
        seats.withdraw_license(bobs_license, actor=Actor(bobs_license.user))


def test_a_withdrawn_license_is_neither_reactivated_nor_changed(alices_license: License, bob: User) -> None:
    withdraw(alices_license, bob)

    with pytest.raises(SeatRefused, match="new invitation"):
        seats.reactivate_license(alices_license, actor=Actor(bob))
    with pytest.raises(SeatRefused, match="was withdrawn"):
        seats.edit_license(alices_license, actor=Actor(bob), allowance=99)

    assert License.objects.get(pk=alices_license.pk).is_withdrawn


def test_an_edit_tells_what_each_field_was(alices_license: License, bob: User) -> None:
    until = timezone.now() + timedelta(days=30)

    seats.edit_license(alices_license, actor=Actor(bob), name="Studio", allowance=3, role="member", valid_until=until)

    license = License.objects.get(pk=alices_license.pk)
    assert (license.allowance, license.valid_until) == (3, until)
    assert AuditEvent.objects.get(action="license.edited").details["changes"] == {
        "allowance": [10, 3],
        "valid_until": [None, until.isoformat()],
    }


def test_an_edit_that_changes_nothing_is_not_in_the_log(alices_license: License, bob: User) -> None:
    seats.edit_license(alices_license, actor=Actor(bob), name="Studio", allowance=10)

    assert not AuditEvent.objects.filter(action="license.edited").exists()


def test_fewer_hooks_than_hang_stop_nothing_but_the_next_token(alices_license: License, bob: User) -> None:
    tokens = [issue(alices_license, name=f"job {number}").token for number in range(2)]

    seats.edit_license(alices_license, actor=Actor(bob), allowance=1)

    assert [hold_of(token) for token in tokens] == ["", ""]
    with pytest.raises(lifecycle.ActRefused, match="hooks"):
        issue(alices_license, name="one more")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"allowance": 101}, "Between 0 and 100"),
        ({"allowance": -1}, "Between 0 and 100"),
        ({"valid_until": timezone.now() - timedelta(days=1)}, "Deactivate the license instead"),
    ],
)
def test_an_edit_out_of_bounds_is_refused(alices_license: License, bob: User, fields, reason: str) -> None:
    with pytest.raises(SeatRefused, match=reason):
        seats.edit_license(alices_license, actor=Actor(bob), **fields)

    assert not AuditEvent.objects.filter(action="license.edited").exists()


def test_the_last_administrator_is_neither_demoted_nor_let_end(bobs_license: License, alice: User) -> None:
    with pytest.raises(SeatRefused, match="last administrator cannot be demoted"):
        seats.edit_license(bobs_license, actor=Actor(alice), role="member")
    with pytest.raises(SeatRefused, match="Deactivate the license instead"):
        seats.edit_license(bobs_license, actor=Actor(alice), valid_until=timezone.now())


def test_nobody_demotes_themselves(bobs_license: License, second_administrator: License) -> None:
    with pytest.raises(SeatRefused, match="your own role"):
        seats.edit_license(bobs_license, actor=Actor(bobs_license.user), role="member")


def test_an_individual_license_has_no_administrator(alice: User, bob: User) -> None:
    license = LicenseFactory(user=alice, individual=True)

    with pytest.raises(SeatRefused, match="no organization"):
        seats.edit_license(license, actor=Actor(bob), role="administrator")


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_demote_each_other_leave_one(
    bobs_license: License, second_administrator: License
) -> None:
    pairs = [(bobs_license, second_administrator.user), (second_administrator, bobs_license.user)]
    start = Barrier(2)

    def demote(pair: tuple[License, User]) -> None:
        try:
            start.wait(timeout=30)
            seats.edit_license(pair[0], actor=Actor(pair[1]), role="member")
        except SeatRefused:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(demote, pairs))

    assert License.objects.in_force().administrators().filter(organization=bobs_license.organization).count() == 1


def test_beyond_its_seats_an_organization_takes_nobody_back(alices_license: License, bob: User) -> None:
    seats.deactivate_license(alices_license, actor=Actor(bob))
    Organization.objects.update(seats=1)

    with pytest.raises(SeatRefused, match="All 1 licenses of Meridian Cartography are taken"):
        seats.reactivate_license(alices_license, actor=Actor(bob))
    Organization.objects.update(seats=2)
    seats.reactivate_license(alices_license, actor=Actor(bob))

    assert not License.objects.get(pk=alices_license.pk).is_deactivated


@pytest.mark.parametrize(("others_until", "is_refused"), [(None, False), (5, True), (20, False)])
def test_an_administrator_gets_an_end_only_while_another_governs_on(
    organization: Organization, bob: User, others_until: int | None, is_refused: bool
) -> None:
    now = timezone.now()
    ends_at = now + timedelta(days=others_until) if others_until else None
    LicenseFactory(organization=organization, administrator=True, valid_until=ends_at)
    license = bob.licenses.get()

    try:
        seats.edit_license(license, actor=SYSTEM, valid_until=now + timedelta(days=10))
        refused = False
    except seats.SeatRefused:
        refused = True

    assert refused is is_refused


def test_the_only_administrator_gets_no_end(bob: User) -> None:
    with pytest.raises(seats.SeatRefused, match="No other administrator would be left"):
        seats.edit_license(bob.licenses.get(), actor=SYSTEM, valid_until=timezone.now() + timedelta(days=10))
