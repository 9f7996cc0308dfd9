"""Why a token was stopped or let in again, who may lift what, and where it is told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import seats
from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, User
from tests.conftest import signed_in
from tests.factories import LicenseFactory
from tests.tokens.scenes import hold_of, state_of
from tokens import lifecycle
from tokens.lifecycle import ActRefused, Issued
from tokens.models import Hold, State, Token


def try_to(act: Callable[..., object], *arguments: object, **named: object) -> None:
    """Whoever tries may be refused; what matters is what is left afterwards."""
    try:
        act(*arguments, **named)
    except ActRefused:
        return


def switch_off_and_on(token: Token, bob: User) -> None:
    seats.deactivate_user(token.owner, actor=Actor(bob))
    token.owner.refresh_from_db()
    seats.reactivate_user(token.owner, actor=Actor(bob))


def lose_and_regain_the_license(token: Token, bob: User) -> None:
    seats.deactivate_license(token.license, actor=Actor(bob))
    seats.reactivate_license(token.license, actor=Actor(bob))


WAYS = {
    "re-approving": lambda token, bob: None,
    "revoking again": lambda token, bob: lifecycle.revoke(actor=Actor(token.owner), token=token),
    "signing out": lambda token, bob: lifecycle.revoke_on_sign_out(actor=Actor(token.owner), owner=token.owner),
    "rotating": lambda token, bob: try_to(
        lifecycle.rotate, actor=Actor(token.owner), token=token, overlap=timedelta(days=1)
    ),
    "editing": lambda token, bob: try_to(
        lifecycle.edit, actor=Actor(token.owner), token=token, name="other", scope=["account:read"]
    ),
    "regenerating": lambda token, bob: lifecycle.regenerate(actor=Actor(token.owner), owner=token.owner),
    "switched off and on": switch_off_and_on,
    "license off and on": lose_and_regain_the_license,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reason", ["", "Seen in a log"])
def test_no_way_leads_the_owner_around_an_administrators_hold(issued: Issued, bob: User, way: str, reason: str) -> None:
    Token.objects.update(revoke_on_sign_out=True)
    lifecycle.revoke(actor=Actor(bob), token=issued.token, reason=reason)
    token = Token.objects.get()

    WAYS[way](token, bob)
    try_to(lifecycle.reapprove, actor=Actor(token.owner), token=token)
    answer = signed_in(token.owner).post(reverse("token-reapprove", args=[token.pk]), {"reason": "I need it"})

    assert answer.status_code == 302
    token.refresh_from_db()
    assert (token.hold, token.revoked_by, token.stop_reason) == (Hold.ADMINISTRATOR, bob, reason)
    assert state_of(token) == State.REVOKED
    assert not Token.objects.filter(license=token.license, revoked_at=None).exists()


def test_a_reason_is_kept_until_the_token_is_re_approved(issued: Issued, bob: User) -> None:
    token = lifecycle.revoke(actor=Actor(bob), token=issued.token, reason="Seen in a log")
    assert token.stop_reason == "Seen in a log"

    lifecycle.reapprove(actor=Actor(bob), token=token, reason="It was a test log")

    assert Token.objects.get().stop_reason == ""
    revoked, reapproved = AuditEvent.objects.filter(action__in=["token.revoked", "token.reapproved"]).order_by("pk")
    assert revoked.details == {"hold": "administrator", "reason": "Seen in a log"}
    assert reapproved.details == {"hold": "administrator", "reason": "It was a test log"}


def test_a_deactivation_takes_the_reason_of_what_it_takes_over(issued: Issued, alice: User, bob: User) -> None:
    lifecycle.revoke(actor=Actor(alice), token=issued.token, reason="Moving house")

    seats.deactivate_license(issued.token.license, actor=Actor(bob))

    assert (hold_of(issued.token), Token.objects.get().stop_reason) == (Hold.DEACTIVATION, "")


@pytest.mark.parametrize("reason", ["", "  ", "ab", "x" * 201, "two\nlines", "nul\0", "in\u202evisible"])
def test_an_administrator_re_approves_for_a_plain_reason_or_not_at_all(issued: Issued, bob: User, reason: str) -> None:
    lifecycle.revoke(actor=Actor(bob), token=issued.token)
    client = signed_in(bob)
    address = reverse("organization-token-reapprove", args=["meridian", issued.token.pk])

    answer = client.post(address, {"reason": reason})

    assert answer.status_code == 200
    assert "reason" in answer.context["form"].errors
    assert state_of(issued.token) == State.REVOKED
    assert client.post(address, {"reason": "Needed on Monday"}).status_code == 302
    assert state_of(issued.token) == State.ACTIVE


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (lambda token, alice, bob: lifecycle.revoke(actor=Actor(alice), token=token), "Alice Holm, its owner"),
        (
            lambda token, alice, bob: lifecycle.revoke(actor=Actor(bob), token=token, reason="Seen in a log"),
            "Bob Reyes, an administrator",
        ),
        (
            lambda token, alice, bob: seats.deactivate_license(token.license, actor=Actor(bob)),
            "a deactivation by Bob Reyes",
        ),
        (
            lambda token, alice, bob: lifecycle.revoke_on_sign_out(actor=Actor(alice), owner=alice),
            "a sign-out by Alice Holm",
        ),
        (
            lambda token, alice, bob: lifecycle.rotate(actor=SYSTEM, token=token, overlap=timedelta(0)),
            "being replaced",
        ),
        (
            lambda token, alice, bob: Token.objects.filter(pk=token.pk).update(
                revoked_at=timezone.now(), hold=Hold.LEAK
            ),
            "a leak report",
        ),
    ],
    ids=[hold for hold in Hold.values if hold != Hold.REGENERATED],
)
def test_list_and_page_say_who_stopped_it_and_why(issued: Issued, alice: User, bob: User, stop, said: str) -> None:
    Token.objects.update(revoke_on_sign_out=True)
    issued.token.refresh_from_db()
    other = LicenseFactory(organization=issued.token.organization, administrator=True).user
    stop(issued.token, alice, bob)
    client = signed_in(other)

    pages = [client.get("/admin/meridian/tokens/", {"state": "revoked"})]
    if hold_of(issued.token) != Hold.REPLACED:
        pages.append(client.get(reverse("organization-token", args=["meridian", issued.token.pk])))

    reason = Token.objects.get(pk=issued.token.pk).stop_reason
    for page in pages:
        assert f"by {said}" in page.content.decode()
        assert reason in page.content.decode()


def test_the_owner_reads_why_an_administrator_stopped_it(issued: Issued, alice: User, bob: User) -> None:
    lifecycle.revoke(actor=Actor(bob), token=issued.token, reason="Seen in a log")

    html = signed_in(alice).get(issued.token.get_absolute_url()).content.decode()

    assert "by Bob Reyes, an administrator." in html
    assert html.count("Reason: Seen in a log") == 2
