"""The site operator's pages: every act is recorded, asks for a recent sign-in, and leaves no second way in."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import AuditEvent, License, User
from tests.accounts.test_recency import age_sign_in
from tests.conftest import signed_in
from tests.factories import UserFactory, invite, issue


@pytest.fixture
def operators_browser(db: None) -> Client:
    return signed_in(UserFactory(is_staff=True, is_superuser=True))


def change_email(browser: Client, person: User, email: str) -> None:
    form = {"email": email, "name": person.name, "time_zone": ""}
    assert browser.post(f"/django-admin/accounts/user/{person.pk}/change/", form).status_code == 302


def test_a_new_address_leaves_nothing_to_the_old_one(operators_browser: Client, alice: User) -> None:
    alices_browser = signed_in(alice)

    change_email(operators_browser, alice, "New@Example.org")

    assert list(EmailAddress.objects.filter(user=alice).values_list("email", "verified")) == [("new@example.org", True)]
    assert alices_browser.get("/").status_code == 302
    assert AuditEvent.objects.get(action="user.edited").subject == alice


def test_addresses_cannot_be_added_beside_the_person(operators_browser: Client) -> None:
    assert operators_browser.get("/django-admin/account/emailaddress/").status_code == 404


def test_a_password_set_by_the_operator_is_recorded(operators_browser: Client, alice: User) -> None:
    form = {"usable_password": "true", "password1": "a fine new secret", "password2": "a fine new secret"}

    operators_browser.post(f"/django-admin/accounts/user/{alice.pk}/password/", form)

    alice.refresh_from_db()
    assert alice.check_password("a fine new secret")
    assert alice.password_changed_at is not None
    assert AuditEvent.objects.filter(action="account.password_changed", subject=alice).count() == 1


def test_writing_asks_for_a_recent_sign_in(operators_browser: Client, alices_license: License) -> None:
    age_sign_in(operators_browser, 3600)

    answer = operators_browser.post(
        "/django-admin/accounts/license/", {"action": "deactivate", "_selected_action": alices_license.pk}
    )

    alices_license.refresh_from_db()
    assert answer.url.startswith("/account/reauthenticate/")
    assert not alices_license.is_deactivated


def test_deactivating_a_license_stops_its_tokens(operators_browser: Client, alices_license: License) -> None:
    token = issue(alices_license).token

    operators_browser.post(
        "/django-admin/accounts/license/", {"action": "deactivate", "_selected_action": alices_license.pk}
    )

    token.refresh_from_db()
    assert token.hold == "deactivation"


@pytest.mark.parametrize("query", ["digest=abc", "sealed__isnull=1", "owner__password__startswith=a"])
def test_a_secret_cannot_be_asked_for(operators_browser: Client, alices_license: License, query: str) -> None:
    issue(alices_license)

    answer = operators_browser.get(f"/django-admin/tokens/token/?{query}")

    assert answer.status_code in {302, 400}


def test_no_digest_stands_on_the_page_of_a_token(operators_browser: Client, alices_license: License) -> None:
    token = issue(alices_license).token

    page = operators_browser.get(f"/django-admin/tokens/token/{token.pk}/change/").content.decode()

    assert token.hint in page
    assert "digest" not in page.lower()
    assert bytes(token.digest).hex() not in page


def test_what_the_operator_changed_is_told_with_old_and_new_values(
    operators_browser: Client, alices_license: License
) -> None:
    place = f"/django-admin/accounts/license/{alices_license.pk}/change/"
    form = {"name": "Workshop", "number": "ST-20417", "role": "member", "allowance": "12"}

    operators_browser.post(place, form)
    change_email(operators_browser, alices_license.user, "new@example.org")

    edited, renamed = AuditEvent.objects.filter(action__in=["license.edited", "user.edited"]).order_by("pk")
    assert edited.details["changes"] == {"name": ["Studio", "Workshop"], "allowance": [10, 12]}
    assert renamed.details["changes"]["email"] == ["alice@example.org", "new@example.org"]
    assert edited.organization == renamed.organization == alices_license.organization


def test_a_password_is_not_among_the_values(operators_browser: Client) -> None:
    secret = "a fine new secret"
    form = {"email": "erin@example.org", "name": "Erin", "usable_password": "true"}

    operators_browser.post("/django-admin/accounts/user/add/", form | {"password1": secret, "password2": secret})

    event = AuditEvent.objects.get(action="user.created")
    assert event.details["changes"] == {"email": [None, "erin@example.org"], "name": [None, "Erin"]}


def test_the_operator_changes_a_license_by_the_same_rules(operators_browser: Client, bob: User) -> None:
    license = bob.licenses.get()
    form = {"name": "Studio", "role": "member", "allowance": "10", "valid_until_0": "", "valid_until_1": ""}

    answer = operators_browser.post(f"/django-admin/accounts/license/{license.pk}/change/", form, follow=True)

    license.refresh_from_db()
    assert license.role == "administrator"
    assert "The last administrator cannot be demoted." in answer.content.decode()
    operators_browser.post(
        f"/django-admin/accounts/license/{license.pk}/change/", form | {"role": "administrator", "allowance": "3"}
    )
    assert AuditEvent.objects.get(action="license.edited").details["changes"] == {"allowance": [10, 3]}


def test_the_operator_gives_no_license_beyond_the_seats(operators_browser: Client, bob: User, charlie: User) -> None:
    organization = bob.licenses.get().organization
    form = {"user": charlie.pk, "organization": organization.pk, "name": "Studio", "number": "ST-1", "role": "member"}
    form |= {"allowance": "10", "valid_until_0": "", "valid_until_1": ""}
    organization.seats = 1
    organization.save()

    operators_browser.post("/django-admin/accounts/license/add/", form)
    refused = License.objects.filter(user=charlie).exists()
    organization.seats = 2
    organization.save()
    operators_browser.post("/django-admin/accounts/license/add/", form)

    assert not refused
    assert License.objects.get(user=charlie).number == "ST-1"


def test_an_invitation_shows_no_digest(operators_browser: Client, bob: User) -> None:
    invitation = invite(bob.licenses.get().organization, bob)

    page = operators_browser.get(f"/django-admin/accounts/invitation/{invitation.pk}/change/").content.decode()

    assert invitation.email in page
    assert "digest" not in page.lower()


def test_no_session_key_can_be_searched_for(operators_browser: Client) -> None:
    assert operators_browser.get("/django-admin/usersessions/usersession/").status_code == 404


def test_the_operators_password_is_changed_where_everybody_changes_theirs(operators_browser: Client) -> None:
    answer = operators_browser.get("/django-admin/password_change/")

    assert answer.url == "/account/password/change/"


def test_who_may_only_look_switches_nobody_off(alice: User, charlie: User) -> None:
    charlie.is_staff = True
    charlie.save()
    charlie.user_permissions.add(Permission.objects.get(codename="view_user"))
    form = {"action": "deactivate", "_selected_action": [alice.pk]}

    signed_in(charlie).post("/django-admin/accounts/user/", form)

    assert User.objects.get(pk=alice.pk).is_active
