"""Invitations: a link from a letter, once, for one address, and nothing for anybody else."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, seats
from accounts.actor import Actor
from accounts.models import AuditEvent, Invitation, License, Organization, User
from accounts.seats import SeatRefused
from tests.conftest import signed_in
from tests.factories import PASSWORD, LicenseFactory, UserFactory, invite

DAY = timedelta(days=1)
CLOSED = "This invitation is not open any more."


@pytest.fixture
def erin(db: None) -> User:
    return UserFactory(email="erin@example.org", name="Erin Sato")


@pytest.fixture
def invitation(organization: Organization, bob: User) -> Invitation:
    return invite(organization, bob)


def link() -> str:
    """The one in the newest letter."""
    found = re.search(r"http://localhost:8000(/invitation/[\w-]{43}/)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def opened_by(client: Client) -> Client:
    assert client.get(link()).url == reverse("invitation")
    return client


def license_of(person: User) -> License | None:
    return License.objects.filter(user=person, organization__slug="meridian").first()


def test_the_secret_is_in_the_letter_and_nowhere_else(invitation: Invitation) -> None:
    secret = link().split("/")[2]

    (letter,) = mail.outbox
    assert letter.to == ["erin@example.org"]
    assert "Bob Reyes invites you to join Meridian Cartography" in letter.body
    stored = [*Invitation.objects.values(), *AuditEvent.objects.values()]
    assert secret not in str(stored)
    assert invitations.find_by_secret(secret) == invitation
    assert invitation.sent_at is not None
    assert AuditEvent.objects.get(action="invitation.sent").details["invited"] == "erin@example.org"


def test_the_invited_person_joins_with_a_button(invitation: Invitation, erin: User) -> None:
    client = opened_by(signed_in(erin))
    page = client.get(reverse("invitation")).content.decode()
    assert license_of(erin) is None

    answer = client.post(reverse("invitation"))

    license = license_of(erin)
    assert "Join Meridian Cartography</button>" in page
    assert answer.status_code == 302
    assert license is not None
    assert (license.name, license.role, license.allowance) == ("Fieldwork", "member", 4)
    assert re.fullmatch(r"ME-\d{5}", license.number)
    assert AuditEvent.objects.filter(action="invitation.accepted", actor=erin).count() == 1


def test_opening_the_link_changes_nothing(invitation: Invitation) -> None:
    before = [*Invitation.objects.values(), *License.objects.values()]

    for _ in range(3):
        opened_by(Client()).get(reverse("invitation"))

    assert [*Invitation.objects.values(), *License.objects.values()] == before


def test_joining_twice_makes_one_license(invitation: Invitation, erin: User) -> None:
    client = opened_by(signed_in(erin))

    answers = [client.post(reverse("invitation")) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert License.objects.filter(user=erin).count() == 1
    assert AuditEvent.objects.filter(action="invitation.accepted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_joining_in_many_windows_at_once_makes_one_license(invitation: Invitation, erin: User) -> None:
    start = Barrier(8)

    def join(_: int) -> int:
        try:
            start.wait(timeout=30)
            return invitations.accept(invitation, actor=Actor(erin)).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        licenses = set(threads.map(join, range(8)))

    assert len(licenses) == License.objects.filter(user=erin).count() == 1


@pytest.mark.django_db(transaction=True)
def test_accepting_two_invitations_at_once_makes_one_license(
    invitation: Invitation, erin: User, organization: Organization, bob: User
) -> None:
    EmailAddress.objects.create(user=erin, email="sato@example.org", verified=True)
    both = [invitation, invite(organization, bob, "sato@example.org")]
    start = Barrier(2)

    def join(invitation: Invitation) -> str:
        try:
            start.wait(timeout=30)
            return str(invitations.accept(invitation, actor=Actor(erin)))
        except SeatRefused as refused:
            return str(refused)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        answers = set(threads.map(join, both))

    assert answers == {str(license_of(erin)), "You are a member already."}


def accepted(invitation: Invitation, bob: User) -> None:
    invitations.accept(invitation, actor=Actor(User.objects.get(email="erin@example.org")))


def withdrawn(invitation: Invitation, bob: User) -> None:
    invitations.withdraw(invitation, actor=Actor(bob))


def expired(invitation: Invitation, bob: User) -> None:
    Invitation.objects.update(expires_at=timezone.now())


def sent_again(invitation: Invitation, bob: User) -> None:
    invitations.resend(invitation, actor=Actor(bob))


def sender_demoted(invitation: Invitation, bob: User) -> None:
    bob.licenses.update(role="member")


def sender_switched_off(invitation: Invitation, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)


@pytest.mark.parametrize(
    "happened",
    [accepted, withdrawn, expired, sent_again, sender_demoted, sender_switched_off],
    ids=lambda f: f.__name__,
)
def test_a_link_that_is_not_open_tells_everybody_the_same(
    invitation: Invitation, erin: User, bob: User, charlie: User, happened
) -> None:
    old_link = link()
    early_bird = opened_by(signed_in(erin))
    happened(invitation, bob)
    before = License.objects.count()

    told = {Client().get("/invitation/made-up/").content.decode()}
    told |= {client.get(address).content.decode() for client in [Client()] for address in [old_link, "/invitation/"]}

    (page,) = told
    assert CLOSED in page
    assert "Meridian" not in page
    assert "erin@" not in page
    assert signed_in(charlie).get(old_link).status_code == 404
    if happened is not accepted:
        assert early_bird.post(reverse("invitation")).status_code == 404
    assert License.objects.count() == before


def test_somebody_else_learns_only_that_it_is_not_for_them(invitation: Invitation, charlie: User) -> None:
    client = opened_by(signed_in(charlie))

    page = client.get(reverse("invitation")).content.decode()
    answer = client.post(reverse("invitation"))

    assert "e•••@example.org" in page
    assert "erin@example.org" not in page
    assert answer.status_code == 404
    assert license_of(charlie) is None


def test_an_address_that_is_not_verified_does_not_count(invitation: Invitation, charlie: User) -> None:
    EmailAddress.objects.create(user=charlie, email="erin@example.org", verified=False)

    answer = opened_by(signed_in(charlie)).post(reverse("invitation"))

    assert answer.status_code == 404
    assert license_of(charlie) is None


def test_signing_out_keeps_the_invitation_for_whom_it_is_for(invitation: Invitation, erin: User, charlie: User) -> None:
    client = opened_by(signed_in(charlie))

    client.post(reverse("invitation-sign-out"))
    client.post(reverse("account_login"), {"login": erin.email, "password": PASSWORD, "next": reverse("invitation")})

    client.post(reverse("invitation"))
    assert license_of(erin) is not None


@pytest.mark.parametrize("sign_up_open", [True, False])
def test_who_has_no_account_creates_one_with_the_invited_address_and_comes_back(
    invitation: Invitation, settings, sign_up_open: bool
) -> None:
    settings.SIGN_UP_OPEN = sign_up_open
    client = opened_by(Client())
    assert "Create account" in client.get(reverse("invitation")).content.decode()
    mail.outbox.clear()
    form = {"name": "Erin Sato", "email": "other@example.org", "password1": PASSWORD, "next": reverse("invitation")}

    answer = client.post(reverse("account_signup"), form)

    assert answer.url == reverse("invitation")
    person = User.objects.get(email="erin@example.org")
    assert EmailAddress.objects.get(user=person).verified
    assert mail.outbox == []
    assert not User.objects.filter(email="other@example.org").exists()
    client.post(reverse("invitation"))
    assert license_of(person) is not None


@pytest.mark.parametrize("way_back", ["", "/tokens/"])
def test_closed_sign_up_opens_only_on_the_way_from_an_invitation(
    invitation: Invitation, settings, way_back: str
) -> None:
    settings.SIGN_UP_OPEN = False
    form = {"name": "Erin Sato", "email": "erin@example.org", "password1": PASSWORD}

    opened_by(Client()).post(reverse("account_signup"), form | {"next": way_back})
    Client().post(reverse("account_signup"), form | {"next": reverse("invitation")})

    assert not User.objects.filter(email="erin@example.org").exists()


def test_a_withdrawn_invitation_closes_the_sign_up_again(invitation: Invitation, bob: User, settings) -> None:
    settings.SIGN_UP_OPEN = False
    client = opened_by(Client())
    withdrawn(invitation, bob)

    answer = client.get(reverse("account_signup"), {"next": reverse("invitation")})

    assert "Sign-up is closed" in answer.content.decode()


def test_an_open_sign_up_still_confirms_what_nobody_invited(invitation: Invitation) -> None:
    form = {"name": "Zoe", "email": "zoe@example.org", "password1": PASSWORD}

    opened_by(Client()).post(reverse("account_signup"), form)

    assert not EmailAddress.objects.get(email="zoe@example.org").verified


def test_joining_again_brings_the_withdrawn_license_back(
    alices_license: License, bob: User, organization: Organization
) -> None:
    alice = alices_license.user
    seats.leave(alices_license, actor=Actor(alice))
    invitation = invite(organization, bob, email=alice.email, role="administrator", allowance=7)

    license = invitations.accept(invitation, actor=Actor(alice))

    license = License.objects.get(pk=license.pk)
    assert license.pk == alices_license.pk
    assert (license.number, license.role, license.allowance) == ("ST-20417", "administrator", 7)
    assert (license.deactivated_at, license.withdrawn_at) == (None, None)


def test_a_deactivated_member_does_not_come_back_by_an_earlier_letter(
    alices_license: License, bob: User, organization: Organization
) -> None:
    alice = alices_license.user
    seats.withdraw_license(alices_license, actor=Actor(bob))
    invitation = invite(organization, bob, email=alice.email)
    License.objects.filter(pk=alices_license.pk).update(withdrawn_at=None)

    with pytest.raises(SeatRefused, match="is deactivated"):
        invitations.accept(invitation, actor=Actor(alice))


def test_the_license_of_an_invitation_ends_when_it_says(organization: Organization, bob: User, erin: User) -> None:
    until = timezone.now() + 2 * DAY
    invitation = invite(organization, bob, valid_until=until)

    license = invitations.accept(invitation, actor=Actor(erin))

    assert invitation.expires_at == until
    assert license.valid_until == until


def test_it_is_open_for_seven_days(invitation: Invitation) -> None:
    assert invitation.expires_at - invitation.created_at == 7 * DAY


def test_acceptance_takes_no_seat_that_is_not_there(invitation: Invitation, erin: User) -> None:
    Organization.objects.update(seats=1)

    client = opened_by(signed_in(erin))
    answer = client.post(reverse("invitation"), follow=True)

    assert "All 1 licenses of Meridian Cartography are taken." in answer.content.decode()
    assert license_of(erin) is None
    Organization.objects.update(seats=2)
    client.post(reverse("invitation"))
    assert license_of(erin) is not None


def fill_seats(organization: Organization, bob: User) -> None:
    Organization.objects.update(seats=1)


def make_a_member(organization: Organization, bob: User) -> None:
    LicenseFactory(organization=organization, user__email="erin@example.org")


def make_a_deactivated_member(organization: Organization, bob: User) -> None:
    LicenseFactory(organization=organization, user__email="erin@example.org", deactivated_at=timezone.now())


def invite_already(organization: Organization, bob: User) -> None:
    invite(organization, bob)


def write_often(organization: Organization, bob: User) -> None:
    for _ in range(5):
        invitations.withdraw(invite(organization, bob), actor=Actor(bob))


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (fill_seats, "are taken"),
        (make_a_member, "a member already"),
        (make_a_deactivated_member, "Reactivate it instead"),
        (invite_already, "invited already"),
        (write_often, "enough letters"),
    ],
)
def test_it_says_why_nobody_is_invited(organization: Organization, bob: User, happened, reason: str) -> None:
    happened(organization, bob)
    before = Invitation.objects.count()
    mail.outbox.clear()

    with pytest.raises(SeatRefused, match=reason):
        invite(organization, bob)

    assert Invitation.objects.count() == before
    assert mail.outbox == []


@pytest.mark.parametrize(("name", "reason"), [("MOST_OPEN", "Withdraw some first"), ("LETTERS_A_DAY", "within a day")])
def test_the_form_is_no_mail_cannon(
    organization: Organization, bob: User, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.setattr(invitations, name, 2)
    for number in range(2):
        invite(organization, bob, email=f"person{number}@example.net")

    with pytest.raises(SeatRefused, match=reason):
        invite(organization, bob)

    assert len(mail.outbox) == 2


def test_sending_again_is_a_new_letter_in_place_of_the_old(invitation: Invitation, bob: User) -> None:
    Invitation.objects.update(expires_at=timezone.now())

    fresh = invitations.resend(invitation, actor=Actor(bob))

    assert list(Invitation.objects.waiting()) == [fresh]
    assert fresh.expires_at > timezone.now() + 6 * DAY
    assert len(mail.outbox) == 2
    with pytest.raises(invitations.NotOpen):
        invitations.resend(invitation, actor=Actor(bob))


def test_who_was_invited_long_ago_can_be_invited_anew(
    invitation: Invitation, organization: Organization, bob: User
) -> None:
    Invitation.objects.update(expires_at=timezone.now())

    fresh = invite(organization, bob)

    assert list(Invitation.objects.waiting()) == [fresh]


def test_a_letter_that_cannot_leave_leaves_the_invitation(organization: Organization, bob: User, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    invitation = invite(organization, bob)

    assert invitation.sent_at is None
    page = signed_in(bob).get(reverse("organization-members", args=["meridian"])).content.decode()
    assert "the letter could not be sent" in page


def test_another_organization_invites_the_same_address(invitation: Invitation, mallory: User) -> None:
    invite(mallory.licenses.get().organization, mallory)

    assert Invitation.objects.waiting().count() == 2


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_joins_without_signing_in(invitation: Invitation, method: str) -> None:
    answer = getattr(opened_by(Client()), method)(reverse("invitation"))

    assert answer.status_code == 200
    assert License.objects.count() == 1


def test_a_license_number_that_is_taken_is_drawn_again(
    invitation: Invitation, erin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    LicenseFactory(number="ME-11111")
    drawn = iter(["11111", "22222"])
    monkeypatch.setattr("accounts.numbers.get_random_string", lambda *args: next(drawn))

    assert invitations.accept(invitation, actor=Actor(erin)).number == "ME-22222"
