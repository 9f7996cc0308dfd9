"""Licenses: which are in force, who administers, and what the database refuses."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import License, Organization, Role, User
from tests.factories import LicenseFactory, OrganizationFactory, UserFactory

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("valid_until", "deactivated_at", "in_force"),
    [
        (None, None, True),
        (NOW + SECOND, None, True),
        (NOW, None, False),
        (NOW - SECOND, None, False),
        (None, NOW - SECOND, False),
        (NOW + SECOND, NOW - SECOND, False),
    ],
)
def test_row_and_queryset_agree_on_what_is_in_force(
    db: None, valid_until: datetime | None, deactivated_at: datetime | None, in_force: bool
) -> None:
    license = LicenseFactory(valid_until=valid_until, deactivated_at=deactivated_at)

    assert license.is_in_force(NOW) is in_force
    assert License.objects.in_force(NOW).filter(pk=license.pk).exists() is in_force


def test_an_ended_license_is_not_a_deactivated_one() -> None:
    license = License(valid_until=NOW)

    assert license.has_ended(NOW)
    assert not license.is_deactivated


def test_a_license_is_shown_by_name_and_number() -> None:
    assert str(License(name="Studio", number="ST-20417")) == "Studio ST-20417"


def test_a_new_license_has_the_allowance_of_the_setting(settings, alice: User) -> None:
    settings.TOKEN_ALLOWANCE = 7

    license = License.objects.create(user=alice, name="Individual", number="IN-1")

    assert license.allowance == 7


def test_a_person_has_at_most_one_license_in_an_organization(alices_license: License) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LicenseFactory(user=alices_license.user, organization=alices_license.organization)

    assert LicenseFactory(user=alices_license.user).pk


def test_a_person_has_at_most_one_individual_license(alice: User) -> None:
    LicenseFactory(user=alice, individual=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        LicenseFactory(user=alice, individual=True)


def test_an_individual_license_administers_nothing(alice: User) -> None:
    with pytest.raises(IntegrityError, match="license_administrator_has_organization"), transaction.atomic():
        LicenseFactory(user=alice, individual=True, administrator=True)


def test_a_number_is_given_once(alices_license: License) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LicenseFactory(number=alices_license.number)


def test_licenses_of_organizations_come_first_by_name_and_the_individual_one_last(charlie: User) -> None:
    individual = LicenseFactory(user=charlie, individual=True)
    zenith = LicenseFactory(user=charlie, organization=OrganizationFactory(name="Zenith"))
    aurora = LicenseFactory(user=charlie, organization=OrganizationFactory(name="Aurora"))

    assert list(charlie.licenses.in_order()) == [aurora, zenith, individual]


def test_an_administrators_license_in_force_gives_the_organization(bob: User, organization: Organization) -> None:
    assert list(Organization.objects.administered_by(bob)) == [organization]


@pytest.mark.parametrize(
    "change",
    [
        {"role": Role.MEMBER},
        {"deactivated_at": NOW},
        {"valid_until": NOW},
    ],
)
def test_any_other_license_gives_no_organization(bob: User, change: dict[str, object]) -> None:
    bob.licenses.update(**change)

    assert not Organization.objects.administered_by(bob).exists()


def test_an_administrator_who_is_switched_off_administers_nothing(bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)

    assert not Organization.objects.administered_by(bob).exists()


def test_an_administrator_of_one_organization_does_not_administer_another(
    mallory: User, organization: Organization
) -> None:
    assert organization not in Organization.objects.administered_by(mallory)


def test_a_person_without_a_license_administers_nothing(organization: Organization) -> None:
    assert not Organization.objects.administered_by(UserFactory()).exists()
