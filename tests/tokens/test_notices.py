"""Letters before a token expires: 30, 7 and 1 days ahead, each once."""

import re
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import License, User
from tests.calls import call
from tests.factories import issue
from tests.server.ports import free_port
from tokens import lifecycle
from tokens.forms import end_of_day
from tokens.lifecycle import Issued
from tokens.models import Notice, Token

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def send_notices(moment: datetime, *arguments: str) -> str:
    """What the command says at a moment."""
    said = StringIO()
    with at(moment):
        call_command("sendnotices", *arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def issued(alices_license: License) -> Issued:
    """Made long ago, expires at NOW."""
    with at(NOW - 100 * DAY):
        return issue(alices_license, expires_at=NOW)


@pytest.fixture
def token(issued: Issued) -> Token:
    return issued.token


@pytest.mark.parametrize(
    ("before", "letters"),
    [
        (30 * DAY + SECOND, []),
        (30 * DAY, [30]),
        (7 * DAY + SECOND, [30]),
        (7 * DAY, [7]),
        (DAY + SECOND, [7]),
        (DAY, [1]),
        (SECOND, [1]),
        (timedelta(0), []),
        (-DAY, []),
    ],
)
def test_the_closest_notice_whose_moment_has_come_is_sent(token: Token, before: timedelta, letters: list[int]) -> None:
    send_notices(NOW - before)

    assert [notice.days for notice in token.notices.all()] == letters
    assert len(mail.outbox) == len(letters)


def test_all_three_notices_are_sent_in_the_life_of_a_token(token: Token) -> None:
    for before in range(31, -2, -1):
        send_notices(NOW - before * DAY)

    assert [letter.subject for letter in mail.outbox] == [
        "nightly-export expires in 30 days",
        "nightly-export expires in 7 days",
        "nightly-export expires tomorrow",
    ]


def test_a_second_run_sends_nothing_and_says_so(token: Token) -> None:
    first, second = send_notices(NOW - 7 * DAY), send_notices(NOW - 7 * DAY)

    assert (first, second) == ("1 letter sent.\n", "0 letters sent.\n")
    assert len(mail.outbox) == 1


def revoked(token: Token) -> None:
    lifecycle.revoke(actor=SYSTEM, token=token)


def replaced(token: Token) -> None:
    lifecycle.rotate(actor=SYSTEM, token=token, overlap=7 * DAY)


def owner_switched_off(token: Token) -> None:
    User.objects.filter(pk=token.owner_id).update(is_active=False)


def made_endless(token: Token) -> None:
    Token.objects.update(expires_at=None)


def nothing(token: Token) -> None:
    pass


@pytest.mark.parametrize(
    ("happened", "letters"), [(nothing, 1), (revoked, 0), (replaced, 0), (owner_switched_off, 0), (made_endless, 0)]
)
def test_who_has_nothing_to_do_gets_no_letter(token: Token, happened, letters: int) -> None:
    with at(NOW - 7 * DAY):
        happened(token)

    send_notices(NOW - 7 * DAY)

    assert len(mail.outbox) == letters


def test_a_token_that_was_made_after_the_moment_of_a_notice_gets_none_for_it(alices_license: License) -> None:
    with at(NOW - 5 * DAY):
        issue(alices_license, expires_at=NOW)

    assert send_notices(NOW - 4 * DAY) == "0 letters sent.\n"
    assert send_notices(NOW - DAY) == "1 letter sent.\n"


@pytest.mark.parametrize("days", [7, 30])
def test_who_chose_seven_or_thirty_days_is_not_told_of_them_the_same_evening(
    alices_license: License, days: int
) -> None:
    with at(NOW):
        expires_at = end_of_day(timezone.localdate() + days * DAY)
        issue(alices_license, expires_at=expires_at)

    assert send_notices(expires_at - days * DAY) == "0 letters sent.\n"


# The letter


def test_the_letter_goes_to_the_owner_with_what_they_need_to_act(settings, issued: Issued) -> None:
    settings.SITE_URL = "https://tokens.example.org"
    User.objects.update(time_zone="Asia/Tokyo")
    with at(NOW - 60 * DAY):
        call(issued, "192.0.2.7")

    send_notices(NOW - 7 * DAY)

    (letter,) = mail.outbox
    ((html, kind),) = letter.alternatives
    assert letter.to == ["alice@example.org"]
    assert kind == "text/html"
    assert "2 March 2026, 18:00 (JST)" in letter.body
    for part in (letter.body, html):
        assert "Alice Holm" in part
        assert "nightly-export" in part
        assert issued.token.hint in part
        assert "192.0.2.7" in part
        assert f"https://tokens.example.org/tokens/{issued.token.pk}/#rotate" in part


def test_the_letter_holds_no_secret(issued: Issued) -> None:
    send_notices(NOW - 7 * DAY)

    (letter,) = mail.outbox
    whole = letter.message().as_string() + letter.body + letter.alternatives[0][0]
    assert str(issued.plaintext) not in whole
    assert not re.search(r"trk_[0-9A-Za-z]{20}", whole)


def test_a_name_is_written_as_it_is_in_text_and_escaped_in_html(alices_license: License) -> None:
    with at(NOW - 100 * DAY):
        issue(alices_license, name="<b>R&D</b>", expires_at=NOW)

    send_notices(NOW - 7 * DAY)

    (letter,) = mail.outbox
    assert letter.subject == "<b>R&D</b> expires in 7 days"
    assert "<b>R&D</b>" in letter.body
    assert "&lt;b&gt;R&amp;D&lt;/b&gt;" in letter.alternatives[0][0]
    assert "<b>R&D</b>" not in letter.alternatives[0][0]


def test_a_token_nobody_uses_is_not_said_to_be_in_use(token: Token) -> None:
    send_notices(NOW - 7 * DAY)

    assert "It is in use" not in mail.outbox[0].body
    assert "Last used  never" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("zone", "subject"), [("Pacific/Kiritimati", "expires tomorrow"), ("Etc/GMT+12", "expires today")]
)
def test_tomorrow_is_tomorrow_where_the_owner_is(alices_license: License, zone: str, subject: str) -> None:
    User.objects.update(time_zone=zone)
    expires_at = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    with at(NOW - 100 * DAY):
        issue(alices_license, expires_at=expires_at)

    send_notices(datetime(2026, 3, 1, 12, 30, tzinfo=UTC))

    assert mail.outbox[0].subject == f"nightly-export {subject}"


# The command


def test_what_would_be_sent_can_be_looked_at_first(token: Token) -> None:
    said = send_notices(NOW - 7 * DAY, "--dry-run")

    assert said == f"alice@example.org: nightly-export {token.hint} (7 days ahead)\n1 letter would be sent.\n"
    assert not mail.outbox
    assert not Notice.objects.exists()


def test_a_letter_that_did_not_leave_is_sent_by_the_next_run(settings, token: Token) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert send_notices(NOW - 7 * DAY).startswith("0 letters sent.\n1 not")

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert send_notices(NOW - 7 * DAY) == "1 letter sent.\n"
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_the_same_moment_send_every_letter_once(alices_license: License) -> None:
    with at(NOW - 100 * DAY):
        for number in range(8):
            issue(alices_license, name=f"job-{number}", expires_at=NOW)
    start, said = threading.Barrier(2), []

    def run() -> None:
        output = StringIO()
        start.wait()
        try:
            call_command("sendnotices", stdout=output)
        finally:
            connection.close()
        said.append(int(output.getvalue().split()[0]))

    with at(NOW - 7 * DAY):
        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sum(said) == 8
    assert sorted(letter.subject for letter in mail.outbox) == [
        f"job-{number} expires in 7 days" for number in range(8)
    ]


# What a program is told


@pytest.mark.parametrize(
    ("before", "header"),
    [(30 * DAY + SECOND, None), (30 * DAY, "2026-03-02T09:00:00Z"), (SECOND, "2026-03-02T09:00:00Z")],
)
def test_answers_tell_of_the_expiry_in_the_last_thirty_days(
    issued: Issued, before: timedelta, header: str | None
) -> None:
    with at(NOW - before):
        assert call(issued).headers.get("Tokenrack-Token-Expires") == header


def test_an_expired_token_is_refused_and_told_no_date(issued: Issued) -> None:
    with at(NOW):
        answer = call(issued)

    assert answer.json()["code"] == "token_expired"
    assert "Tokenrack-Token-Expires" not in answer.headers


def test_a_token_without_expiry_is_told_no_date(alices_license: License) -> None:
    issued = issue(alices_license, expires_at=None)

    assert "Tokenrack-Token-Expires" not in call(issued).headers
