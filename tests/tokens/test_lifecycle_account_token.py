"""Regenerate and reveal: the account token."""

import pytest
from django.utils import timezone

from accounts import seats
from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, License, User
from tests.factories import issue
from tests.tokens.scenes import fill, hold_of, state_of
from tokens import lifecycle
from tokens.lifecycle import ActRefused
from tokens.models import Hold, State, Token


def test_a_regenerated_account_token_ends_the_former_one_for_good(alice: User, bob: User) -> None:
    former = lifecycle.regenerate(actor=Actor(alice), owner=alice).token

    new = lifecycle.regenerate(actor=Actor(alice), owner=alice).token

    former.refresh_from_db()
    assert (state_of(former), former.hold, former.revoked_by) == (State.REVOKED, Hold.REGENERATED, alice)
    assert (state_of(new), new.is_account_token, new.scope, new.expires_at) == (State.ACTIVE, True, "", None)
    for person in (alice, bob):
        with pytest.raises(ActRefused, match="cannot be re-approved"):
            lifecycle.reapprove(actor=Actor(person), token=former)
    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["account_token.created", "account_token.regenerated"]


@pytest.mark.django_db(transaction=True)
def test_whatever_breaks_in_a_letter_the_new_text_is_given(alice: User, settings, tmp_path) -> None:
    (tmp_path / "file").touch()
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "file"

    assert lifecycle.regenerate(actor=Actor(alice, address="192.0.2.7"), owner=alice).plaintext


def test_an_account_token_takes_no_hook(alices_license: License) -> None:
    fill(alices_license)

    assert lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user).token.license is None


def test_a_person_without_any_license_may_have_an_account_token(charlie: User) -> None:
    assert lifecycle.regenerate(actor=Actor(charlie), owner=charlie).token.owner == charlie


@pytest.mark.parametrize(
    "change",
    [
        lambda: License.objects.update(deactivated_at=timezone.now()),
        lambda: License.objects.update(valid_until=timezone.now()),
        lambda: User.objects.update(is_active=False),
    ],
    ids=["license off", "license ended", "person off"],
)
def test_no_account_token_where_no_license_is_in_force(alice: User, change) -> None:
    former = lifecycle.regenerate(actor=Actor(alice), owner=alice).token
    change()

    with pytest.raises(ActRefused, match="in force"):
        lifecycle.regenerate(actor=Actor(alice), owner=alice)

    assert hold_of(former) == ""


def test_an_account_token_is_revealed_where_a_copy_is_kept_and_every_look_is_recorded(alice: User, settings) -> None:
    settings.ACCOUNT_TOKEN_REVEAL = "recent-sign-in"
    issued = lifecycle.regenerate(actor=Actor(alice), owner=alice)

    revealed = [lifecycle.reveal(actor=Actor(alice), owner=alice) for _ in range(2)]

    assert revealed == [issued, issued]
    looks = AuditEvent.objects.filter(action="account_token.revealed", actor=alice, token_id=issued.token.pk)
    assert looks.count() == 2


def test_nobody_reveals_the_account_token_of_somebody_else(alice: User, bob: User, settings) -> None:
    settings.ACCOUNT_TOKEN_REVEAL = "recent-sign-in"
    lifecycle.regenerate(actor=Actor(alice), owner=alice)

    assert lifecycle.reveal(actor=Actor(bob), owner=bob) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda token, settings: setattr(settings, "ACCOUNT_TOKEN_REVEAL", "never"),
        lambda token, settings: setattr(settings, "ACCOUNT_TOKEN_KEYS", ["A" * 43 + "="]),
        lambda token, settings: Token.objects.update(sealed=None),
        lambda token, settings: lifecycle.revoke(actor=SYSTEM, token=token),
        lambda token, settings: seats.deactivate_user(token.owner, actor=SYSTEM),
    ],
    ids=["switched off", "key gone", "no copy", "revoked", "person off"],
)
def test_nothing_is_revealed_or_recorded_where_no_copy_can_be_read(alice: User, settings, change) -> None:
    settings.ACCOUNT_TOKEN_REVEAL = "recent-sign-in"
    issued = lifecycle.regenerate(actor=Actor(alice), owner=alice)
    change(issued.token, settings)

    assert lifecycle.reveal(actor=Actor(alice), owner=alice) is None

    assert not AuditEvent.objects.filter(action="account_token.revealed").exists()


def test_no_copy_survives_what_ends_a_token_and_named_tokens_never_have_one(alices_license: License, settings) -> None:
    settings.ACCOUNT_TOKEN_REVEAL = "recent-sign-in"
    alice = alices_license.user
    for _ in range(2):
        token = lifecycle.regenerate(actor=Actor(alice), owner=alice).token
    issue(alices_license)
    assert Token.objects.exclude(sealed=None).get() == token

    lifecycle.revoke(actor=Actor(alice), token=token)

    assert not Token.objects.exclude(sealed=None).exists()
