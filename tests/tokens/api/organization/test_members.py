"""Members, service accounts and invitations, as scripts of administrators see and change them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEvent, Invitation, License, Organization, User
from tests.factories import LicenseFactory, invite, issue
from tests.tokens.api.scripts import Script, assert_problem, pointers
from tests.tokens.scenes import hold_of
from tokens.models import Hold

MEMBERS = "organization/meridian/members"
INVITATIONS = "organization/meridian/invitations"
ACCOUNTS = "organization/meridian/service-accounts"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Alice Holm", "Bob Reyes", "Nightly backups"]),
        ({"q": "ST-20417"}, ["Alice Holm"]),
        ({"role": "administrator"}, ["Bob Reyes"]),
        ({"kind": "service"}, ["Nightly backups"]),
        ({"status": "former"}, ["Gone"]),
        ({"status": "deactivated"}, []),
        ({"limit": 1}, ["Alice Holm"]),
    ],
    ids=str,
)
def test_members_are_found(
    reader: Script, robot: License, organization: Organization, query: dict[str, Any], found: list[str]
) -> None:
    now = timezone.now()
    LicenseFactory(organization=organization, user__name="Gone", deactivated_at=now, withdrawn_at=now)

    answer = reader.get(MEMBERS, **query).json()

    assert [member["person"]["name"] for member in answer["items"]] == found


@pytest.mark.parametrize("query", [{"role": "owner"}, {"kind": "x"}, {"status": "x"}, {"q": "\x00"}], ids=ascii)
def test_a_word_that_makes_no_sense_is_refused(reader: Script, query: dict[str, str]) -> None:
    response = reader.get(MEMBERS, **query)

    assert_problem(response, 422, "invalid_request")
    assert pointers(response) == [f"/{next(iter(query))}"]


def test_a_member_is_shown_with_license_and_hooks(reader: Script, alices_license: License) -> None:
    issue(alices_license)

    facts = reader.get(f"{MEMBERS}/{alices_license.pk}").json()

    assert facts.pop("created_at")
    assert facts == {
        "id": alices_license.pk,
        "number": "ST-20417",
        "name": "Studio",
        "person": {
            "id": alices_license.user_id,
            "name": "Alice Holm",
            "email": "alice@example.org",
            "is_service_account": False,
        },
        "role": "member",
        "allowance": 10,
        "used": 1,
        "is_in_force": True,
        "valid_until": None,
        "deactivated_at": None,
        "withdrawn_at": None,
    }


def test_a_license_is_edited_as_it_was_read(governor: Script, alices_license: License) -> None:
    path = f"{MEMBERS}/{alices_license.pk}"
    seen = governor.get(path)["ETag"]
    change = {"role": "administrator", "allowance": 3, "valid_until": "2031-01-31T23:59:59Z"}

    edited = governor.patch(path, change, If_Match=seen)
    late = governor.patch(path, {"allowance": 4}, If_Match=seen)

    assert edited.json()["name"] == "Studio"
    assert {name: edited.json()[name] for name in change} == change
    assert edited["ETag"] != seen
    assert_problem(late, 412, "precondition_failed")
    event = AuditEvent.objects.get(action="license.edited")
    assert event.details["changes"]["role"] == ["member", "administrator"]
    assert event.details["through"] == governor.issued.token.hint
    alices_license.refresh_from_db()
    assert alices_license.allowance == 3


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"allowance": 101}, "/allowance"),
        ({"allowance": True}, "/allowance"),
        ({"role": "owner"}, "/role"),
        ({"role": None}, "/role"),
        ({"name": ""}, "/name"),
        ({"name": "Stu\u202edio"}, "/name"),
        ({"valid_until": "2001-01-01T00:00:00Z"}, "/valid_until"),
        ({"valid_until": "2999-01-01T00:00:00Z"}, "/valid_until"),
        ({"number": "ST-1"}, "/number"),
        ({"user": 1}, "/user"),
    ],
    ids=ascii,
)
def test_an_edit_that_is_not_valid_changes_nothing(
    governor: Script, alices_license: License, change: dict[str, Any], pointer: str
) -> None:
    before = License.objects.filter(pk=alices_license.pk).values().get()

    response = governor.patch(f"{MEMBERS}/{alices_license.pk}", change)

    assert_problem(response, 422, "invalid_request")
    assert pointers(response) == [pointer]
    assert License.objects.filter(pk=alices_license.pk).values().get() == before


def test_nobody_promotes_a_service_account_or_changes_their_own_role(
    governor: Script, robot: License, bob: User
) -> None:
    promoted = governor.patch(f"{MEMBERS}/{robot.pk}", {"role": "administrator"})
    demoted = governor.patch(f"{MEMBERS}/{bob.licenses.get().pk}", {"role": "member"})

    assert_problem(promoted, 422, "invalid_request")
    assert_problem(demoted, 409, "yourself")
    assert pointers(promoted) == pointers(demoted) == ["/role"]


def test_a_member_is_deactivated_and_comes_back_without_tokens(governor: Script, alices_license: License) -> None:
    token = issue(alices_license).token
    path = f"{MEMBERS}/{alices_license.pk}"

    gone = governor.post(f"{path}/deactivate")
    back = governor.post(f"{path}/reactivate")

    assert (gone.json()["is_in_force"], back.json()["is_in_force"]) == (False, True)
    assert hold_of(token) == Hold.DEACTIVATION
    assert AuditEvent.objects.get(action="member.deactivated").details["through"] == governor.issued.token.hint


def test_a_license_is_withdrawn_for_good(governor: Script, alices_license: License) -> None:
    path = f"{MEMBERS}/{alices_license.pk}"

    assert governor.post(f"{path}/withdraw").json()["withdrawn_at"]

    assert_problem(governor.post(f"{path}/reactivate"), 409, "license_withdrawn")
    assert_problem(governor.patch(path, {"allowance": 1}), 409, "license_withdrawn")


@pytest.mark.parametrize("act", ["deactivate", "withdraw"])
def test_nobody_throws_themselves_out(governor: Script, bob: User, act: str) -> None:
    assert_problem(governor.post(f"{MEMBERS}/{bob.licenses.get().pk}/{act}"), 409, "yourself")


def test_a_service_account_is_created_once_a_name(governor: Script) -> None:
    created = governor.post(ACCOUNTS, {"name": "Deployment"})
    again = governor.post(ACCOUNTS, {"name": "deployment"})

    assert created.status_code == 201
    assert created.json()["person"]["is_service_account"]
    assert created.json()["person"]["email"] == ""
    assert governor.client.get(created["Location"]).json() == created.json()
    assert_problem(again, 409, "name_taken")


def test_all_seats_taken_is_told(governor: Script, organization: Organization) -> None:
    Organization.objects.filter(pk=organization.pk).update(seats=1)

    assert_problem(governor.post(ACCOUNTS, {"name": "Deployment"}), 409, "seats_exhausted")


INVITATION = {"email": "Erin@Example.org", "license_name": "Fieldwork", "role": "administrator", "allowance": 4}


def test_somebody_is_invited_by_letter(governor: Script) -> None:
    answer = governor.post(INVITATIONS, INVITATION)

    assert answer.status_code == 201
    assert (answer.json()["email"], answer.json()["role"]) == ("erin@example.org", "administrator")
    assert answer.json()["sent_at"]
    (letter,) = mail.outbox
    assert letter.to == ["erin@example.org"]
    secret = str(letter.body).split("/invitations/")[-1].split()[0]
    assert secret not in answer.text
    event = AuditEvent.objects.get(action="invitation.sent")
    assert event.details["through"] == governor.issued.token.hint
    assert governor.get(INVITATIONS).json()["items"] == [answer.json()]


@pytest.mark.parametrize(
    ("more", "status", "code", "pointer"),
    [
        ({"email": "nobody"}, 422, "invalid_request", "/email"),
        ({"email": "x@meridian.service.invalid"}, 422, "invalid_request", "/email"),
        ({"email": "alice@example.org"}, 409, "already_member", "/email"),
        ({"email": "frank@example.org"}, 409, "already_invited", "/email"),
        ({"valid_until": "2001-01-01T00:00:00Z"}, 409, "act_refused", None),
        ({"allowance": -1}, 422, "invalid_request", "/allowance"),
        ({"organization": 1}, 422, "invalid_request", "/organization"),
    ],
    ids=str,
)
def test_who_cannot_be_invited_gets_no_letter(
    governor: Script, alice: User, bob: User, more: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    invite(governor.issued.token.organization, bob, "frank@example.org")
    mail.outbox.clear()

    response = governor.post(INVITATIONS, INVITATION | more)

    assert_problem(response, status, code)
    assert (pointers(response) if pointer else []) == ([pointer] if pointer else [])
    assert mail.outbox == []


def test_an_invitation_is_sent_again_and_withdrawn(governor: Script, organization: Organization, bob: User) -> None:
    former = invite(organization, bob)

    resent = governor.post(f"{INVITATIONS}/{former.pk}/resend")
    gone = governor.post(f"{INVITATIONS}/{resent.json()['id']}/withdraw")

    assert (resent.status_code, gone.status_code) == (201, 204)
    assert len(mail.outbox) == 2
    assert governor.get(INVITATIONS).json()["items"] == []
    assert_problem(governor.post(f"{INVITATIONS}/{former.pk}/resend"), 404, "not_found")


def test_an_invitation_says_whether_its_link_works(governor: Script, organization: Organization, bob: User) -> None:
    expired, unvouched = invite(organization, bob), invite(organization, bob, "gil@example.org")
    open_one = invite(organization, bob, "hal@example.org")
    Invitation.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    Invitation.objects.filter(pk=unvouched.pk).update(invited_by=LicenseFactory(organization=organization).user)

    items = governor.get(INVITATIONS).json()["items"]

    assert {item["id"]: item["is_open"] for item in items} == {
        expired.pk: False,
        unvouched.pk: False,
        open_one.pk: True,
    }
