"""One row, its facts, and the state that follows from them."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.actor import SYSTEM
from accounts.models import License, User
from tests.factories import LicenseFactory, OrganizationFactory, UserFactory, issue
from tokens import lifecycle
from tokens.models import REST_OF_THE_LAST_DAY, Hold, Policy, State, Token, TokenAddress, search

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
numbers = itertools.count(1)


def row(license: License | None, owner: User, **facts: object) -> Token:
    """A named or an account token with the given facts and no others."""
    fields = {
        "name": "nightly-export",
        "scope": "account:read" if license else "",
        "digest": next(numbers).to_bytes(32, "big"),
        "pepper": 1,
        "hint": "trk_9fKd…Q2xA",
        "created_at": NOW - 30 * DAY,
        "organization": license.organization if license else None,
    }
    return Token(owner=owner, license=license, **fields | facts)


REVOKED = {"revoked_at": NOW - DAY, "hold": Hold.OWNER}
REPLACED = {"replaced_at": NOW - DAY, "stops_at": NOW + SECOND}
STOPPED = {"replaced_at": NOW - DAY, "stops_at": NOW}
ENDED = {"valid_until": NOW}
DEACTIVATED = {"deactivated_at": NOW - DAY}


@pytest.mark.parametrize(
    ("token", "license", "is_active", "state"),
    [
        # One fact each, on either side of its border.
        ({}, {}, True, State.ACTIVE),
        ({"expires_at": NOW + 7 * DAY + SECOND}, {}, True, State.ACTIVE),
        ({"expires_at": NOW + 7 * DAY}, {}, True, State.EXPIRING),
        ({"expires_at": NOW + SECOND}, {}, True, State.EXPIRING),
        ({"expires_at": NOW}, {}, True, State.EXPIRED),
        (REVOKED, {}, True, State.REVOKED),
        (REPLACED, {}, True, State.ENDING),
        (STOPPED, {}, True, State.REVOKED),
        ({}, DEACTIVATED, True, State.SUSPENDED),
        ({}, ENDED, True, State.SUSPENDED),
        ({}, {"valid_until": NOW + SECOND}, True, State.ACTIVE),
        ({}, {}, False, State.SUSPENDED),
        # Two facts: the one with the narrower way out is told.
        (REVOKED | {"expires_at": NOW}, {}, True, State.REVOKED),
        (REVOKED, DEACTIVATED, False, State.REVOKED),
        (REPLACED | {"expires_at": NOW + 2 * SECOND}, {}, True, State.ENDING),
        (REPLACED, ENDED, True, State.SUSPENDED),
        ({"expires_at": NOW}, ENDED, False, State.EXPIRED),
        ({"expires_at": NOW + SECOND}, ENDED, True, State.SUSPENDED),
    ],
)
def test_the_state_follows_from_the_facts(token: dict, license: dict, is_active: bool, state: State) -> None:
    owner = User(is_active=is_active)

    assert row(License(user=owner, **license), owner, **token).state(NOW) == state


@pytest.mark.parametrize(("is_active", "state"), [(True, State.ACTIVE), (False, State.SUSPENDED)])
def test_an_account_token_depends_on_its_owner(is_active: bool, state: State) -> None:
    assert row(None, User(is_active=is_active)).state(NOW) == state


LICENSES = [{}, {"valid_until": NOW + DAY}, ENDED, DEACTIVATED, ENDED | DEACTIVATED]


def every_product_of_facts() -> list[Token]:
    """Named tokens of people with one license each; account tokens of the same people, and of two without any."""
    tokens = []
    for is_active, facts in itertools.product([True, False], [None, *LICENSES]):
        owner = UserFactory(is_active=is_active)
        license = None if facts is None else LicenseFactory(user=owner, **facts)
        for expires_at in [None, NOW - DAY, NOW, NOW + SECOND, NOW + 7 * DAY, NOW + 8 * DAY] if license else []:
            tokens += [row(license, owner, expires_at=expires_at, **revocation) for revocation in ({}, REVOKED)]
        if license:  # account tokens are never replaced
            tokens += [row(license, owner, **replacement) for replacement in (REPLACED, STOPPED, REPLACED | REVOKED)]
        tokens += [row(None, owner), row(None, owner, **REVOKED)]
    return tokens + every_product_with_a_policy()


POLICIES = [
    {},
    {"lifetime": 30 * DAY},
    {"requires_expiry": True},
    {"requires_second_factor": True},
    {"idle_after": 10 * DAY},
    {"requires_approval": True},
    {"lifetime": 60 * DAY, "idle_after": 40 * DAY, "requires_approval": True, "requires_second_factor": True},
]
LATEST_END = NOW - 30 * DAY + 30 * DAY + REST_OF_THE_LAST_DAY


def every_product_with_a_policy() -> list[Token]:
    tokens = []
    for rules in POLICIES:
        organization = OrganizationFactory()
        Policy.objects.create(organization=organization, **rules)
        owners = [UserFactory(), UserFactory(second_factor_at=NOW), UserFactory(is_service_account=True)]
        for owner in owners:
            license = LicenseFactory(user=owner, organization=organization)
            for expires_at in [None, LATEST_END, LATEST_END + SECOND, NOW + 300 * DAY]:
                tokens += [
                    row(license, owner, expires_at=expires_at),
                    row(license, owner, expires_at=expires_at, awaits_approval=True),
                    row(license, owner, expires_at=expires_at, resumed_at=NOW - 10 * DAY + SECOND),
                    row(license, owner, expires_at=expires_at, resumed_at=NOW - 10 * DAY),
                    row(license, owner, expires_at=expires_at, first_used_at=NOW - DAY, last_used_at=NOW - DAY),
                    row(license, owner, expires_at=expires_at, created_at=NOW - DAY),
                ]
            tokens += [row(license, owner, **REVOKED), row(license, owner, **REPLACED)]
    return tokens


def test_the_queryset_and_the_row_agree_on_every_product_of_facts(db: None) -> None:
    Token.objects.bulk_create(every_product_of_facts())
    tokens = list(Token.objects.with_surroundings())

    by_row = {state: {token.pk for token in tokens if token.state(NOW) == state} for state in State}
    by_queryset = {state: {token.pk for token in Token.objects.in_state(state, NOW)} for state in State}

    assert by_queryset == by_row
    assert all(by_row.values())
    assert sum(map(len, by_row.values())) == len(tokens)
    assert not Token.objects.in_state("no-such-state", NOW).exists()


@pytest.mark.parametrize(
    ("licenses", "state"),
    [
        ([], State.ACTIVE),
        ([{}], State.ACTIVE),
        ([{"valid_until": NOW + SECOND}], State.ACTIVE),
        ([ENDED], State.SUSPENDED),
        ([DEACTIVATED], State.SUSPENDED),
        ([{"valid_until": NOW + DAY} | DEACTIVATED], State.SUSPENDED),
        ([ENDED, DEACTIVATED], State.SUSPENDED),
        ([ENDED, DEACTIVATED, {}], State.ACTIVE),
        ([ENDED, {"valid_until": NOW + SECOND}], State.ACTIVE),
    ],
)
def test_an_account_token_works_while_one_license_of_its_owner_is_in_force(
    charlie: User, licenses: list[dict[str, object]], state: State
) -> None:
    for facts in licenses:
        LicenseFactory(user=charlie, **facts)
    LicenseFactory()
    row(None, charlie).save()

    assert Token.objects.with_surroundings().get().state(NOW) == state


def test_a_hook_is_taken_by_what_neither_expired_nor_was_revoked(alices_license: License) -> None:
    owner = alices_license.user
    taking = row(alices_license, owner, expires_at=NOW + SECOND)
    Token.objects.bulk_create(
        [
            taking,
            row(alices_license, owner, expires_at=NOW),
            row(alices_license, owner, **REVOKED),
            row(None, owner),
        ]
    )
    License.objects.update(deactivated_at=NOW)

    assert list(Token.objects.on_hooks(NOW)) == [taking]


@pytest.mark.parametrize(
    ("named", "half", "constraint"),
    [
        (True, {"revoked_at": NOW}, "token_revoked_means_held"),
        (True, {"hold": Hold.OWNER}, "token_revoked_means_held"),
        (True, {"scope": ""}, "token_named_means_scoped"),
        (False, {"scope": "account:read"}, "token_named_means_scoped"),
        (True, {"sealed": b"sealed"}, "token_only_account_token_sealed"),
        (False, {"sealed": b"sealed"} | REVOKED, "token_only_account_token_sealed"),
        (True, {"expires_at": NOW, "created_at": NOW}, "token_expires_after_creation"),
        (True, {"first_used_at": NOW}, "token_used_first_then_last"),
        (True, {"last_used_at": NOW}, "token_used_first_then_last"),
        (True, {"first_used_at": NOW, "last_used_at": NOW - SECOND}, "token_used_first_then_last"),
        (True, {"name": ""}, "token_has_name_and_hint"),
        (True, {"hint": ""}, "token_has_name_and_hint"),
        (True, {"digest": bytes(32)}, "digest"),
    ],
)
def test_the_database_refuses_a_half_formed_row(
    alices_license: License, named: bool, half: dict[str, object], constraint: str
) -> None:
    owner = alices_license.user
    row(alices_license, owner, digest=bytes(32)).save()
    whole = row(alices_license if named else None, owner)
    whole.save()
    whole.delete()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row(alices_license if named else None, owner, **half).save()


def test_a_person_has_one_living_account_token_and_any_number_of_former_ones(alice: User) -> None:
    for _ in range(2):
        row(None, alice, **REVOKED).save()
    row(None, alice).save()

    with (
        pytest.raises(IntegrityError, match=r"token_one_account_token_a_person|owner_id"),
        transaction.atomic(),
    ):
        row(None, alice).save()


def test_the_account_token_is_the_newest_one_whatever_its_state(alice: User, bob: User) -> None:
    row(None, alice).save()
    newest = lifecycle.regenerate(actor=SYSTEM, owner=alice).token
    lifecycle.revoke(actor=SYSTEM, token=newest)

    assert Token.objects.account_token_of(alice) == newest
    assert Token.objects.account_token_of(bob) is None


def test_an_account_token_holds_everything_and_a_named_one_what_was_chosen(alices_license: License) -> None:
    account, named = row(None, alices_license.user), row(alices_license, alices_license.user)

    assert account.allows("organization:write")
    assert named.allows("account:read")
    assert not named.allows("account:write")


def test_a_token_is_governed_by_administrators_of_its_organization_alone(
    alices_license: License, alice: User, bob: User, mallory: User, charlie: User
) -> None:
    token = issue(alices_license).token

    governors = [person for person in (alice, bob, mallory, charlie) if token.is_governed_by(person)]

    assert governors == [bob]


@pytest.mark.parametrize("facts", [{"license": None, "scope": ""}, {"license": "individual"}])
def test_nobody_governs_what_hangs_on_no_organization(alices_license: License, bob: User, facts: dict) -> None:
    license = LicenseFactory(user=alices_license.user, individual=True) if facts["license"] else None

    assert not row(license, alices_license.user).is_governed_by(bob)


@pytest.mark.parametrize(
    ("hold", "by_owner", "by_administrator"),
    [
        (Hold.OWNER, True, True),
        (Hold.SIGN_OUT, True, True),
        (Hold.ADMINISTRATOR, False, True),
        (Hold.DEACTIVATION, False, True),
        (Hold.REGENERATED, False, False),
        (Hold.LEAK, False, False),
    ],
)
def test_who_may_lift_a_hold(
    alices_license: License,
    bob: User,
    mallory: User,
    charlie: User,
    hold: Hold,
    by_owner: bool,
    by_administrator: bool,
) -> None:
    token = row(alices_license, alices_license.user, revoked_at=NOW, hold=hold, expires_at=NOW + SECOND)

    assert token.is_reapprovable_by(alices_license.user, NOW) is by_owner
    assert token.is_reapprovable_by(bob, NOW) is by_administrator
    assert not token.is_reapprovable_by(mallory, NOW)
    assert not token.is_reapprovable_by(charlie, NOW)
    assert not token.is_reapprovable_by(alices_license.user, NOW + SECOND)
    assert not token.is_reapprovable_by(bob, NOW + SECOND)


@pytest.mark.parametrize(
    "words",
    ["NIGHTLY", "9fKd", "9fKd...Q2xA", "alice h", "example.org", "studio", "20417", "192.0.2.7", "::ffff:c000:207"],
)
def test_a_token_is_found_by_name_hint_owner_license_and_address(alices_license: License, words: str) -> None:
    organization = alices_license.organization
    token = row(alices_license, alices_license.user)
    token.save()
    TokenAddress.objects.create(token=token, address="192.0.2.7", last_at=NOW)
    other = UserFactory(email="nobody@elsewhere.test", name="Nobody")
    colleague = LicenseFactory(user=other, organization=organization, name="Bureau", number="X-1")
    row(colleague, other, name="daily", hint="trk_aaaa…aaaa").save()
    stranger = LicenseFactory(name="Studio", number="ST-20417-B")
    row(stranger, stranger.user).save()

    found = search.of_tokens(words, organization).out_of(Token.objects.of_organization(organization))

    assert list(found.rows) == [token]
