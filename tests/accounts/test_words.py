"""Licenses and people have the words of what they are called now, whoever wrote it."""

from accounts import closing, seats
from accounts.actor import SYSTEM, Actor
from accounts.models import License, LicenseWord, Organization, PersonWord, User
from tests.factories import LicenseFactory, rename, service_account


def words_of(model: type, license: License) -> set[str]:
    return {str(word) for word in model.objects.filter(license=license)}  # type: ignore[attr-defined]


ALICE = {"alice holm", "holm", "alice@example.org", "example.org", "org"}


def test_a_license_has_its_own_words_and_those_of_its_holder(alices_license: License) -> None:
    assert words_of(LicenseWord, alices_license) == {"studio", "st-20417", "20417"}
    assert words_of(PersonWord, alices_license) == ALICE
    assert {word.organization_id for word in PersonWord.objects.all()} == {alices_license.organization_id}


def test_many_made_at_once_have_them_too(organization: Organization) -> None:
    people = User.objects.bulk_create(User(email=f"{name}@example.org", name=name) for name in ("ada", "bo"))
    made = License.objects.bulk_create(
        License(user=person, organization=organization, name="Loft", number=f"L-{person.pk}") for person in people
    )

    assert [str(PersonWord.objects.filter(license=license).order_by("word")[0]) for license in made] == ["ada", "bo"]
    assert LicenseWord.objects.beginning("loft").count() == 2


def test_a_license_that_is_edited_is_found_as_it_is_called_now(alices_license: License) -> None:
    seats.edit_license(alices_license, actor=SYSTEM, name="Large Loft")

    assert words_of(LicenseWord, alices_license) == {"large loft", "loft", "st-20417", "20417"}
    assert words_of(PersonWord, alices_license) == ALICE


def test_a_person_who_is_renamed_is_found_under_the_new_name_on_every_license(alices_license: License) -> None:
    elsewhere = LicenseFactory(user=alices_license.user)

    rename([User.objects.get(pk=alices_license.user_id)], name="Ålice Berg")

    for license in (alices_license, elsewhere):
        assert words_of(PersonWord, license) == ALICE - {"alice holm", "holm"} | {"ålice berg", "berg"}
        assert words_of(LicenseWord, license) >= {"studio"}


def test_the_words_are_of_the_name_in_the_database(alices_license: License) -> None:
    stale = User.objects.get(pk=alices_license.user_id)
    rename([alices_license.user], name="Renamed")

    rename([stale], email="new@example.org")

    assert words_of(PersonWord, alices_license) == {"renamed", "new@example.org", "example.org", "org"}


def test_other_facts_of_a_person_leave_the_words_alone(alice: User, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        alice.save(update_fields=["last_login"])


def test_the_made_up_address_of_a_service_account_is_not_searched(organization: Organization) -> None:
    robot = service_account(organization, "Nightly")

    assert words_of(PersonWord, robot) == {"nightly"}


def test_nobody_is_found_by_the_name_of_a_closed_account(alices_license: License, bob: User) -> None:
    closing.close(alices_license.user, actor=Actor(alices_license.user))

    assert words_of(PersonWord, alices_license) == set()
    assert not PersonWord.objects.beginning("alice").exists()


def test_an_individual_license_is_in_no_list_that_is_searched(db: None) -> None:
    license = LicenseFactory(individual=True)

    assert (words_of(PersonWord, license), words_of(LicenseWord, license)) == (set(), set())


def test_whoever_is_changed_by_a_query_is_found_by_the_new_words(alices_license: License) -> None:
    User.objects.filter(pk=alices_license.user_id).update(name="Anna", email="anna@example.org")
    License.objects.filter(pk=alices_license.pk).update(name="Bureau", number="B-7")

    assert words_of(PersonWord, alices_license) == {"anna", "anna@example.org", "example.org", "org"}
    assert words_of(LicenseWord, alices_license) == {"bureau", "b-7", "7"}
