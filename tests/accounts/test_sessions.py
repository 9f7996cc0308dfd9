"""Where a person is signed in: listed, ended one by one or all but this, and over by themselves."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import seats
from accounts.actor import SYSTEM
from accounts.models import AuditEvent, User
from accounts.session_store import content_of, row_key
from tests.canary import rows
from tests.conftest import signed_in
from tests.factories import PASSWORD, issue
from tokens.models import Token

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HOUR = timedelta(hours=1)


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("profile")).status_code == 200


def session_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=row_key(client.session.session_key))


def test_the_page_lists_this_session_first_with_device_and_address(alice: User) -> None:
    signed_in(alice)
    client = Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="192.0.2.9")
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})

    sessions = client.get(reverse("security")).context["sessions"]

    assert len(sessions) == 2
    assert (sessions[0].ip, sessions[0].user_agent) == ("192.0.2.9", FIREFOX)


def test_ending_one_session_leaves_the_others(alice: User) -> None:
    here, there, elsewhere = signed_in(alice), signed_in(alice), signed_in(alice)

    here.post(reverse("session-end", args=[session_of(there).pk]))

    assert [is_signed_in(client) for client in (here, there, elsewhere)] == [True, False, True]
    assert AuditEvent.objects.filter(action="account.session_ended", actor=alice).count() == 1


def test_ending_all_others_leaves_this_one(alice: User) -> None:
    here, there, elsewhere = signed_in(alice), signed_in(alice), signed_in(alice)

    here.post(reverse("sessions-end-others"))

    assert [is_signed_in(client) for client in (here, there, elsewhere)] == [True, False, False]


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_session_of_somebody_else_is_not_there(alice: User, charlie: User, method: str) -> None:
    owner, stranger = signed_in(alice), signed_in(charlie)

    answer = getattr(stranger, method)(reverse("session-end", args=[session_of(owner).pk]))

    assert answer.status_code == 404
    assert is_signed_in(owner)


def test_the_own_session_ends_by_signing_out_only(alice: User) -> None:
    client = signed_in(alice)

    assert client.post(reverse("session-end", args=[session_of(client).pk])).status_code == 404


@pytest.mark.parametrize(
    ("visits", "expected"),
    [
        ([23 * HOUR], True),
        ([24 * HOUR], False),
        ([day * 20 * HOUR for day in range(1, 16)], True),
        ([day * 20 * HOUR for day in range(1, 17)] + [14 * 24 * HOUR], False),
    ],
    ids=["in use", "idle", "kept in use", "too old"],
)
def test_a_session_ends_when_it_was_idle_or_is_old(alice: User, visits: list[timedelta], expected: bool) -> None:
    client = signed_in(alice)
    start = timezone.now()

    for visit in visits:
        with time_machine.travel(start + visit, tick=False):
            result = is_signed_in(client)

    assert result is expected


def test_a_session_that_ran_out_revokes_no_token(alice: User, alices_license) -> None:
    issue(alices_license, revoke_on_sign_out=True)
    client = signed_in(alice)

    with time_machine.travel(timezone.now() + 25 * HOUR):
        client.get(reverse("profile"))

    assert Token.objects.get().revoked_at is None
    assert not UserSession.objects.exists()


@pytest.mark.parametrize("act", ["password", "deactivated"])
def test_a_new_password_and_a_deactivation_end_every_session_at_once(alice: User, act: str) -> None:
    here, there = signed_in(alice), signed_in(alice)

    if act == "password":
        form = {"oldpassword": PASSWORD, "password1": "another fine secret", "password2": "another fine secret"}
        here.post(reverse("account_change_password"), form)
    else:
        seats.deactivate_user(alice, actor=SYSTEM)

    assert not is_signed_in(there)
    assert is_signed_in(here) is (act == "password")
    if act == "password":
        assert len(here.get(reverse("security")).context["sessions"]) == 1


def test_who_reads_the_database_is_nobody(alice: User) -> None:
    client, thief = signed_in(alice), Client()
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("security"))
    key = client.cookies["sessionid"].value

    found = [table for table, content in rows() if key.encode() in content]
    answers = []
    for (stored,) in Session.objects.values_list("pk"):
        thief.cookies["sessionid"] = stored
        answers.append(is_signed_in(thief))

    assert found == []
    assert answers == [False]
    assert is_signed_in(client)


def test_who_reads_the_database_resets_no_password(alice: User) -> None:
    client = Client()
    client.post(reverse("account_reset_password"), {"email": alice.email})
    (link,) = re.findall(r"/reset/key/\S+", mail.outbox[0].body)
    client.get(f"/account/password{link}", follow=True)
    key = link.strip("/").rpartition("-")[2]

    (session,) = Session.objects.all()

    assert key in str(content_of(session))
    assert db.SessionStore().decode(session.session_data) == {}


def test_signing_in_gives_a_session_a_new_name(alice: User) -> None:
    client = Client()
    client.get(reverse("account_login"))
    planted = client.session
    planted["planted"] = "by somebody"
    planted.save()
    before = planted.session_key

    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})

    assert client.session.session_key != before
    assert is_signed_in(client)


def test_signing_out_ends_the_session_on_the_server_and_empties_the_browser(alice: User) -> None:
    client, copy = signed_in(alice), Client()
    copy.cookies["sessionid"] = client.cookies["sessionid"].value
    assert is_signed_in(copy)

    answer = client.post(reverse("account_logout"))

    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert not is_signed_in(copy)


def test_confirming_leaves_a_copied_session_behind(alice: User) -> None:
    client, copy = signed_in(alice), Client()
    copy.cookies["sessionid"] = client.cookies["sessionid"].value
    row = session_of(client)

    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    assert not is_signed_in(copy)
    assert is_signed_in(client)
    assert session_of(client).pk == row.pk


@pytest.mark.parametrize("whose", ["one", "all others"])
def test_ending_sessions_asks_for_a_recent_sign_in(alice: User, whose: str) -> None:
    here, there = signed_in(alice), signed_in(alice)
    session = here.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = []
    session.save()
    page = reverse("session-end", args=[session_of(there).pk]) if whose == "one" else reverse("sessions-end-others")

    asked = here.post(page)
    still_open = is_signed_in(there)
    here.post(asked.url, {"password": PASSWORD})

    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert still_open
    assert not is_signed_in(there)
    assert is_signed_in(here)


def test_activity_is_written_at_most_once_a_minute(alice: User, django_assert_num_queries) -> None:
    client = signed_in(alice)
    client.get(reverse("profile"))
    seen_at = session_of(client).last_seen_at

    client.get(reverse("profile"))
    soon = session_of(client).last_seen_at
    with time_machine.travel(timezone.now() + 2 * timedelta(minutes=1)):
        client.get(reverse("profile"))

    assert soon == seen_at
    assert session_of(client).last_seen_at > seen_at
