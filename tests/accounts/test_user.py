"""People: addresses in small letters, names, and what ends a session."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from tests.factories import PASSWORD


def test_an_address_is_kept_in_small_letters(db: None) -> None:
    user = User.objects.create_user("Alice@Example.ORG", PASSWORD)

    assert user.email == "alice@example.org"


def test_the_database_refuses_an_address_with_capitals(db: None) -> None:
    User.objects.create(email="alice@example.org")

    with pytest.raises(IntegrityError, match="user_email_lower_case"), transaction.atomic():
        User.objects.create(email="Bob@example.org")


def test_two_people_cannot_share_an_address(alice: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("ALICE@example.org", PASSWORD)


def test_a_person_is_found_by_their_address_in_any_case(alice: User) -> None:
    assert User.objects.get_by_natural_key("ALICE@Example.org") == alice


def test_a_site_operator_can_sign_in_at_once_because_the_address_counts_as_verified(db: None) -> None:
    operator = User.objects.create_superuser("op@example.org", PASSWORD)

    assert operator.is_staff
    assert operator.is_superuser
    assert operator.emailaddress_set.get().verified
    assert operator.emailaddress_set.get().primary


def test_an_ordinary_person_is_no_site_operator(db: None) -> None:
    user = User.objects.create_user("alice@example.org", PASSWORD)

    assert not user.is_staff
    assert not user.is_superuser
    assert not user.emailaddress_set.exists()


def test_a_password_is_stored_as_argon2id(alice: User) -> None:
    assert alice.password.startswith("argon2$argon2id$")
    assert alice.check_password(PASSWORD)
    assert not alice.check_password(PASSWORD + "!")


def test_without_a_password_nobody_signs_in(db: None) -> None:
    user = User.objects.create_user("alice@example.org")

    assert not user.has_usable_password()


@pytest.mark.parametrize(
    ("name", "display_name", "initials"),
    [
        ("Alice Holm", "Alice Holm", "AH"),
        ("Alice van der Holm", "Alice van der Holm", "AH"),
        ("alice", "alice", "A"),
        ("", "alice@example.org", "A"),
    ],
)
def test_a_person_is_shown_by_name_or_else_by_address(name: str, display_name: str, initials: str) -> None:
    user = User(email="alice@example.org", name=name)

    assert (user.display_name, user.get_full_name(), str(user)) == (display_name,) * 3
    assert user.initials == initials


MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
A_MICROSECOND_LATER = MORNING.replace(microsecond=1)


@pytest.mark.parametrize(
    ("field", "value", "ends"),
    [
        ("password", "another", True),
        ("sessions_ended_at", None, True),
        ("sessions_ended_at", A_MICROSECOND_LATER, True),
        ("sessions_ended_at", MORNING, False),
        ("name", "Alice Holm-Reyes", False),
        ("email", "alice@elsewhere.example", False),
    ],
)
def test_a_new_password_and_an_end_of_sessions_change_what_every_session_carries(
    field: str, value: object, ends: bool
) -> None:
    user = User(email="alice@example.org", name="Alice Holm", password="hash", sessions_ended_at=MORNING)
    before = user.get_session_auth_hash()

    setattr(user, field, value)

    assert (user.get_session_auth_hash() != before) is ends


def test_a_session_outlives_the_change_of_the_secret_key(settings) -> None:
    user = User(email="alice@example.org", password="hash")
    former = user.get_session_auth_hash()

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" + "1" * 40

    assert user.get_session_auth_hash() != former
    assert list(user.get_session_auth_fallback_hash()) == [former]


def test_the_end_of_sessions_reads_the_same_after_a_round_trip_through_the_database(alice: User) -> None:
    alice.sessions_ended_at = datetime(2026, 3, 2, 9, 0, 0, 123457, tzinfo=UTC)
    alice.save()

    assert User.objects.get(pk=alice.pk).get_session_auth_hash() == alice.get_session_auth_hash()
