"""Text and facts in, token or named refusal out."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import License, User
from tests.factories import LicenseFactory, issue
from tokens import foreign, format, lifecycle, refusals
from tokens.authentication import authenticate, require_scope
from tokens.lifecycle import Issued
from tokens.models import Token
from tokens.refusals import Refused

CALLER = "192.0.2.7"


def code(refusal: pytest.ExceptionInfo[Refused]) -> str:
    return refusal.value.refusal.code


def test_without_a_credential_nobody_is_asked_for(db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert authenticate(None, now=timezone.now(), address=CALLER) is None


def call(issued: Issued, *, now: datetime | None = None, address: str = CALLER) -> Token | None:
    return authenticate(issued.plaintext, now=now or timezone.now(), address=address)


def test_a_good_token_is_let_in_with_one_query(issued: Issued, django_assert_num_queries) -> None:
    call(issued)

    with django_assert_num_queries(1):
        token = call(issued)
        assert token is not None
        assert (token.owner.email, token.license.organization.slug) == ("alice@example.org", "meridian")  # type: ignore[union-attr]

    assert token == issued.token


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        (lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"), 0),
        (lambda text: text[:-1], 0),
        (lambda text: text.lower(), 0),
        (lambda text: "xyz_" + text[4:], 0),
        (lambda text: "0123456789abcdef" * 2 + "01234567", 0),
        (lambda text: format.generate("trk_"), 1),
    ],
    ids=["wrong checksum", "cut short", "in small letters", "another prefix", "another product", "unknown"],
)
def test_whoever_lacks_the_real_secret_gets_one_answer_and_a_mistyped_one_costs_no_query(
    issued: Issued, text, queries: int, django_assert_num_queries
) -> None:
    call(issued)
    foreign.known.ask()

    with django_assert_num_queries(queries), pytest.raises(Refused) as refusal:
        authenticate(text(issued.plaintext), now=timezone.now(), address=CALLER)

    assert refusal.value.refusal is refusals.INVALID


@pytest.mark.parametrize(
    ("change", "refused_as"),
    [
        (lambda t: lifecycle.revoke(actor=Actor(t.owner), token=t), "token_revoked"),
        (
            lambda t: Token.objects.update(created_at=t.created_at - timedelta(9), expires_at=t.created_at),
            "token_expired",
        ),
        (lambda t: User.objects.filter(pk=t.owner_id).update(is_active=False), "owner_inactive"),
        (lambda t: License.objects.filter(pk=t.license_id).update(valid_until=t.created_at), "license_inactive"),
        (lambda t: License.objects.filter(pk=t.license_id).update(deactivated_at=t.created_at), "license_inactive"),
        (lambda t: Token.objects.update(allowed_networks=["198.51.100.0/24"]), "address_denied"),
    ],
    ids=["revoked", "expired", "owner off", "license ended", "license off", "elsewhere"],
)
def test_the_holder_of_the_real_secret_is_told_the_reason(issued: Issued, change, refused_as: str) -> None:
    assert call(issued) == issued.token
    change(issued.token)

    with pytest.raises(Refused) as refusal:
        call(issued)

    assert code(refusal) == refused_as


def test_a_token_works_to_the_last_moment_before_it_expires(issued: Issued) -> None:
    end = issued.token.expires_at

    assert call(issued, now=end - timedelta(microseconds=1)) == issued.token
    with pytest.raises(Refused) as refusal:
        call(issued, now=end)

    assert code(refusal) == "token_expired"


@pytest.mark.parametrize("address", ["192.0.3.7", "2001:db8::7", ""])
def test_a_token_is_let_in_from_its_networks_only(alices_license: License, address: str) -> None:
    issued = issue(alices_license, allowed_networks=["192.0.2.0/24"])
    assert call(issued, address="192.0.2.7") == issued.token

    with pytest.raises(Refused) as refusal:
        call(issued, address=address)

    assert code(refusal) == "address_denied"


def test_an_account_token_is_let_in_and_stops_with_its_owner(alice: User) -> None:
    issued = lifecycle.regenerate(actor=SYSTEM, owner=alice)
    assert call(issued) == issued.token

    User.objects.filter(pk=alice.pk).update(is_active=False)

    with pytest.raises(Refused) as refusal:
        call(issued)
    assert code(refusal) == "owner_inactive"


@pytest.mark.parametrize("switched_off", [{"deactivated_at": timezone.now()}, {"valid_until": timezone.now()}])
def test_an_account_token_is_suspended_when_no_license_of_its_owner_is_in_force(
    alices_license: License, switched_off: dict[str, datetime]
) -> None:
    issued = lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user)
    assert call(issued) == issued.token

    License.objects.filter(pk=alices_license.pk).update(**switched_off)

    with pytest.raises(Refused) as refusal:
        call(issued)
    assert code(refusal) == "license_inactive"


def test_an_account_token_stays_while_one_license_of_its_owner_is_in_force(alices_license: License) -> None:
    issued = lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user)
    LicenseFactory(user=alices_license.user)

    License.objects.filter(pk=alices_license.pk).update(deactivated_at=timezone.now())

    assert call(issued) == issued.token


def test_a_scope_that_is_missing_is_named(alices_license: License) -> None:
    token = issue(alices_license, scope="tokens:write account:read").token

    assert require_scope(token, "account:read") is token
    assert require_scope(token, "tokens:read") is token
    assert require_scope(token, "") is token
    with pytest.raises(Refused) as refusal:
        require_scope(token, "account:write")

    assert (code(refusal), refusal.value.scope) == ("scope_missing", "account:write")


def test_where_a_token_is_needed_none_is_not_enough() -> None:
    with pytest.raises(Refused) as refusal:
        require_scope(None, "")

    assert refusal.value.refusal is refusals.MISSING
