"""The owner is told when a token is used from a network where it was never seen."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection

from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, License, User
from tests.calls import PROGRAM, call
from tests.factories import issue
from tests.server.ports import free_port
from tokens import lifecycle
from tokens.alerts import greet, network_of
from tokens.ledger import Ledger, ledger
from tokens.lifecycle import Issued
from tokens.models import TokenNetwork

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def use(issued: Issued, address: str, moment: datetime = NOW) -> None:
    with time_machine.travel(moment, tick=False):
        call(issued, address)
        ledger.flush()


@pytest.fixture
def issued(alices_license: License) -> Issued:
    """Used before, from 192.0.2.0/24."""
    with time_machine.travel(NOW - DAY, tick=False):
        issued = issue(alices_license)
    use(issued, "192.0.2.7", NOW - DAY)
    return issued


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("192.0.2.255", "192.0.2.0/24"),
        ("192.0.3.0", "192.0.3.0/24"),
        ("2001:db8:40:1::7", "2001:db8:40::/48"),
        ("2001:db8:40:ffff::", "2001:db8:40::/48"),
        ("2001:db8:41::", "2001:db8:41::/48"),
    ],
)
def test_a_network_is_what_a_provider_gives_to_one_place(address: str, network: str) -> None:
    assert network_of(address) == network


def test_the_first_network_is_remembered_and_nobody_is_told(issued: Issued) -> None:
    assert TokenNetwork.objects.get().network == "192.0.2.0/24"
    assert not mail.outbox
    assert not AuditEvent.objects.filter(action="token.new_network").exists()


def test_a_first_network_that_two_processes_saw_is_told_to_nobody(alices_license: License) -> None:
    token = issue(alices_license).token

    for _ in range(2):
        greet(token.pk, "192.0.2.0/24", Actor(None, "192.0.2.7", PROGRAM), NOW)

    assert TokenNetwork.objects.count() == 1
    assert not mail.outbox


def test_a_new_network_that_two_processes_saw_is_told_once(issued: Issued) -> None:
    for _ in range(2):
        greet(issued.token.pk, "198.51.100.0/24", Actor(None, "198.51.100.9", PROGRAM), NOW)

    assert len(mail.outbox) == 1
    assert AuditEvent.objects.filter(action="token.new_network").count() == 1


@pytest.mark.parametrize("address", ["192.0.2.7", "192.0.2.200"])
def test_the_same_network_again_is_nothing_new(issued: Issued, address: str) -> None:
    use(issued, address)

    assert TokenNetwork.objects.count() == 1
    assert not mail.outbox


@pytest.mark.parametrize("address", ["192.0.3.7", "2001:db8::7"])
def test_a_new_network_is_told_to_the_owner_by_letter_and_entry(issued: Issued, address: str) -> None:
    use(issued, address)

    (letter,) = mail.outbox
    event = AuditEvent.objects.get(action="token.new_network")
    assert letter.to == ["alice@example.org"]
    assert letter.subject == "nightly-export was used from a new network"
    assert (event.token_id, event.subject, event.actor) == (issued.token.pk, issued.token.owner, None)
    assert (event.address, event.user_agent) == (address, PROGRAM)
    assert event.details == {"network": network_of(address)}
    assert event.organization == issued.token.license.organization


def test_the_letter_says_when_from_where_and_by_what_and_holds_no_secret(settings, issued: Issued) -> None:
    settings.SITE_URL = "https://tokens.example.org"
    User.objects.update(time_zone="Asia/Tokyo")

    use(issued, "198.51.100.9")

    (letter,) = mail.outbox
    ((html, kind),) = letter.alternatives
    assert kind == "text/html"
    for part in (letter.body, html):
        assert "2 March 2026, 18:00 (JST)" in part
        assert "198.51.100.9" in part
        assert PROGRAM in part
        assert issued.token.hint in part
        assert f"https://tokens.example.org/tokens/{issued.token.pk}/" in part
        assert str(issued.plaintext) not in part


def test_what_a_program_calls_itself_is_escaped_in_html(issued: Issued) -> None:
    with time_machine.travel(NOW, tick=False):
        call(issued, "198.51.100.9", program="<script>alert(1)</script>")
        ledger.flush()

    assert "<script>alert" not in mail.outbox[0].alternatives[0][0]
    assert "<script>alert(1)</script>" in mail.outbox[0].body


def test_there_is_one_letter_a_day_at_most(issued: Issued) -> None:
    use(issued, "198.51.100.9", NOW)
    use(issued, "203.0.113.9", NOW + DAY - SECOND)
    assert len(mail.outbox) == 1

    use(issued, "203.0.114.9", NOW + DAY + SECOND)

    assert len(mail.outbox) == 2


def test_several_new_networks_in_one_turn_make_one_letter(issued: Issued) -> None:
    with time_machine.travel(NOW, tick=False):
        for number in range(3):
            call(issued, f"198.51.{number}.9")
        ledger.flush()

    assert len(mail.outbox) == 1
    assert TokenNetwork.objects.count() == 4


def test_the_limit_is_for_each_token(issued: Issued, alices_license: License) -> None:
    with time_machine.travel(NOW - DAY, tick=False):
        other = issue(alices_license, name="other")
    use(other, "192.0.2.7", NOW - DAY)

    use(issued, "198.51.100.9")
    use(other, "198.51.100.9")

    assert len(mail.outbox) == 2


def test_who_switched_the_letters_off_finds_the_entry_alone(issued: Issued) -> None:
    User.objects.update(wants_alerts=False)

    use(issued, "198.51.100.9")

    assert not mail.outbox
    assert AuditEvent.objects.filter(action="token.new_network").count() == 1


def test_a_refused_call_from_elsewhere_is_no_use(issued: Issued) -> None:
    lifecycle.revoke(actor=SYSTEM, token=issued.token)

    use(issued, "198.51.100.9")

    assert not mail.outbox
    assert TokenNetwork.objects.count() == 1


def test_the_account_token_is_watched_as_well(alice: User) -> None:
    with time_machine.travel(NOW - DAY, tick=False):
        account = lifecycle.regenerate(actor=SYSTEM, owner=alice)
    use(account, "192.0.2.7", NOW - DAY)

    use(account, "198.51.100.9")

    assert mail.outbox[0].subject == "Account token was used from a new network"


def test_a_letter_that_cannot_leave_costs_no_counter_and_no_entry(settings, issued: Issued) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()

    use(issued, "198.51.100.9")

    assert sum(day.calls for day in issued.token.days.all()) == 2
    assert AuditEvent.objects.filter(action="token.new_network").count() == 1


def test_after_a_letter_that_could_not_leave_the_next_new_network_is_told(settings, issued: Issued) -> None:
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    use(issued, "198.51.100.9")

    settings.EMAIL_BACKEND = working
    use(issued, "203.0.113.9", NOW + SECOND)

    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_see_the_same_new_network_send_one_letter(issued: Issued) -> None:
    start = threading.Barrier(2)

    def process() -> None:
        book = Ledger()
        book.note_call(issued.token, now=NOW, address="198.51.100.9", user_agent=PROGRAM, method="GET")
        start.wait()
        book.flush()
        connection.close()

    threads = [threading.Thread(target=process) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(mail.outbox) == 1
    assert AuditEvent.objects.filter(action="token.new_network").count() == 1
