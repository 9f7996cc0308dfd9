"""What tokens were used for: gathered in memory, written in batches, never lost and never counted twice."""

import threading
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import License, User
from tests.calls import HOME, PROGRAM, call
from tests.factories import issue
from tokens import lifecycle
from tokens.ledger import Ledger, ledger
from tokens.lifecycle import Issued
from tokens.models import RefusalDay, Token, TokenAddress, TokenDay

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def note(book: Ledger, token: Token, *, now: datetime = NOW, address: str = HOME) -> None:
    book.note_call(token, now=now, address=address, user_agent=PROGRAM, method="GET")


def failing(*words: str):
    """A database that fails on statements with all of the words."""

    def execute_or_fail(execute, sql, params, many, context):
        if all(word in sql for word in words):
            raise OperationalError("The disk is full.")
        return execute(sql, params, many, context)

    return connection.execute_wrapper(execute_or_fail)


@pytest.fixture
def issued(alices_license: License) -> Issued:
    return issue(alices_license)


@pytest.fixture
def token(issued: Issued) -> Token:
    return issued.token


def test_a_call_is_counted_on_its_day(issued: Issued) -> None:
    with at(timezone.now()):
        for _ in range(3):
            call(issued)
        ledger.flush()

    day = TokenDay.objects.get()
    assert (day.token, day.day, day.calls, day.refusals) == (issued.token, timezone.now().date(), 3, 0)


def test_nothing_but_the_first_use_is_written_before_the_next_turn(issued: Issued) -> None:
    call(issued)

    assert Token.objects.get().first_used_at is not None
    assert not TokenDay.objects.exists()
    assert not TokenAddress.objects.exists()


def test_the_first_use_says_when_and_from_where(alices_license: License) -> None:
    with at(NOW):
        issued = issue(alices_license)
    with at(NOW + MINUTE):
        call(issued, "2001:db8::7")

    token = Token.objects.get()
    assert (token.first_used_at, token.last_used_at) == (NOW + MINUTE, NOW + MINUTE)
    assert token.last_used_address == "2001:db8::7"


def test_the_first_use_stays_and_the_last_use_moves_with_the_next_turn(alices_license: License) -> None:
    with at(NOW):
        issued = issue(alices_license)
        call(issued)
    with at(NOW + MINUTE):
        call(issued, "192.0.2.8")
        ledger.flush()

    token = Token.objects.get()
    assert (token.first_used_at, token.last_used_at) == (NOW, NOW + MINUTE)
    assert token.last_used_address == "192.0.2.8"


def test_a_call_after_the_first_reads_once_and_writes_nothing(issued: Issued, django_assert_num_queries) -> None:
    call(issued)

    with django_assert_num_queries(1):
        call(issued)


def test_a_call_without_an_address_moves_the_last_use_as_well(alices_license: License) -> None:
    with at(NOW):
        issued = issue(alices_license)
        call(issued, "")
    with at(NOW + MINUTE):
        call(issued, "")
        ledger.flush()

    assert TokenDay.objects.get().calls == 2
    assert Token.objects.get().last_used_at == NOW + MINUTE


def test_what_is_written_late_does_not_move_the_last_use_back(token: Token) -> None:
    lifecycle.note_first_use(token=token, now=NOW, address=HOME)
    slow, fast = Ledger(), Ledger()
    note(slow, token, now=NOW + SECOND, address="192.0.2.1")
    note(fast, token, now=NOW + MINUTE, address="192.0.2.2")

    fast.flush()
    slow.flush()

    token.refresh_from_db()
    assert (token.last_used_at, token.last_used_address) == (NOW + MINUTE, "192.0.2.2")


@pytest.mark.parametrize(
    ("method", "data", "writes"), [("get", {}, False), ("head", {}, False), ("patch", {"name": "Alice"}, True)]
)
def test_the_last_call_that_writes_is_remembered(
    alices_license: License, method: str, data: dict[str, str], writes: bool
) -> None:
    with at(NOW):
        issued = issue(alices_license, scope="account:write")
        call(issued, method=method, **data)
        ledger.flush()

    assert Token.objects.get().last_written_at == (NOW if writes else None)


# Refusals


def test_refused_calls_are_counted_by_reason_with_the_last_address(alices_license: License) -> None:
    with at(NOW):
        issued = issue(alices_license, scope="tokens:read", allowed_networks=["192.0.2.0/24"])
        call(issued, "192.0.2.1")
        call(issued, "192.0.2.2")
        call(issued, "198.51.100.9")
        ledger.flush()

    counted = {row.code: (row.calls, row.last_address, row.last_at) for row in RefusalDay.objects.all()}
    assert counted == {"scope_missing": (2, "192.0.2.2", NOW), "address_denied": (1, "198.51.100.9", NOW)}
    assert (TokenDay.objects.get().calls, TokenDay.objects.get().refusals) == (0, 3)


def test_a_refused_call_is_no_use(alices_license: License) -> None:
    issued = issue(alices_license, scope="tokens:read")

    call(issued)
    ledger.flush()

    assert Token.objects.get().first_used_at is None
    assert not TokenAddress.objects.exists()


def test_calls_with_a_revoked_token_are_counted_for_it(issued: Issued, alice: User) -> None:
    lifecycle.revoke(actor=SYSTEM, token=issued.token)

    call(issued)
    ledger.flush()

    assert RefusalDay.objects.get(token=issued.token).code == "token_revoked"


def test_too_many_calls_are_counted_as_refused(settings, issued: Issued) -> None:
    settings.API_CALLS_PER_MINUTE = 2

    for _ in range(3):
        call(issued)
    ledger.flush()

    assert (TokenDay.objects.get().calls, RefusalDay.objects.get().code) == (2, "rate_limited")


def test_a_text_that_is_no_token_is_counted_for_nobody(issued: Issued) -> None:
    changed = issued.plaintext[:-1] + ("a" if issued.plaintext[-1] != "a" else "b")

    assert call(Issued(issued.token, changed)).status_code == 401
    ledger.flush()

    assert not TokenDay.objects.exists()
    assert not RefusalDay.objects.exists()


# Days, addresses, programs


def test_a_day_is_a_day_of_utc_and_ends_at_midnight(alices_license: License) -> None:
    User.objects.update(time_zone="Pacific/Kiritimati")
    with at(NOW):
        issued = issue(alices_license)
    for moment in (datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)):
        with at(moment):
            call(issued)
    ledger.flush()

    assert list(TokenDay.objects.order_by("day").values_list("day", "calls")) == [
        (date(2026, 3, 2), 1),
        (date(2026, 3, 3), 1),
    ]


def test_the_last_five_addresses_are_kept_with_their_programs(token: Token) -> None:
    for number in range(7):
        address, agent = f"192.0.2.{number}", f"program/{number}"
        ledger.note_call(token, now=NOW + number * SECOND, address=address, user_agent=agent, method="GET")
        ledger.flush()

    kept = TokenAddress.objects.order_by("last_at").values_list("address", "user_agent")
    assert list(kept) == [(f"192.0.2.{number}", f"program/{number}") for number in range(2, 7)]


def test_the_last_five_are_kept_of_a_single_turn_as_well(token: Token) -> None:
    for number in range(7):
        note(ledger, token, now=NOW + number * SECOND, address=f"192.0.2.{number}")

    ledger.flush()

    kept = TokenAddress.objects.order_by("last_at").values_list("address", flat=True)
    assert list(kept) == [f"192.0.2.{number}" for number in range(2, 7)]


def test_five_addresses_are_kept_for_each_token(alices_license: License) -> None:
    tokens = [issue(alices_license, name=name).token for name in ("one", "two")]

    for token in tokens:
        for number in range(6):
            note(ledger, token, now=NOW + number * SECOND, address=f"192.0.2.{number}")
    ledger.flush()

    assert [token.addresses.count() for token in tokens] == [5, 5]


def test_an_address_seen_again_adds_up_under_its_latest_program(token: Token) -> None:
    for agent in ("old/1", "new/2"):
        ledger.note_call(token, now=NOW, address=HOME, user_agent=agent, method="GET")
        ledger.flush()

    visit = TokenAddress.objects.get()
    assert (visit.calls, visit.user_agent) == (2, "new/2")


def test_a_long_or_unprintable_program_name_is_cut_to_what_can_be_stored(issued: Issued) -> None:
    call(issued, program="x\x1b[31m" + "y" * 300)

    ledger.flush()

    agent = TokenAddress.objects.get().user_agent
    assert agent.isprintable()
    assert len(agent) <= 200


# Writing


def test_two_processes_add_to_the_same_day(token: Token) -> None:
    for book in (Ledger(), Ledger()):
        note(book, token)
        note(book, token)
        book.flush()

    assert (TokenDay.objects.get().calls, TokenAddress.objects.get().calls) == (4, 4)


def test_writing_twice_counts_once(token: Token) -> None:
    note(ledger, token)

    ledger.flush()
    ledger.flush()

    assert TokenDay.objects.get().calls == 1


def test_a_thousand_calls_of_one_token_are_written_like_one(token: Token) -> None:
    book = Ledger()

    asked = []
    for calls in (1, 1000):
        for _ in range(calls):
            note(book, token)
        with CaptureQueriesContext(connection) as queries:
            book.flush()
        asked.append([query["sql"] for query in queries if "SELECT" not in query["sql"][:6]])

    assert TokenDay.objects.get().calls == 1001
    assert len(asked[1]) <= len(asked[0])
    assert not any("1000 times" in sql for sql in asked[1])


def test_a_turn_in_which_nothing_happened_asks_the_database_nothing(token: Token, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        ledger.flush()


def test_what_cannot_be_written_is_kept_whole_for_the_next_turn(token: Token) -> None:
    lifecycle.note_first_use(token=token, now=NOW, address=HOME)
    note(ledger, token, now=NOW)
    ledger.note_refusal(token, "scope_missing", now=NOW, address=HOME)
    with failing("INSERT INTO tokens_tokenaddress"):
        ledger.flush()
    assert not TokenDay.objects.exists()

    note(ledger, token, now=NOW + SECOND)
    ledger.note_refusal(token, "scope_missing", now=NOW + SECOND, address="192.0.2.9")
    ledger.flush()

    assert (TokenDay.objects.get().calls, TokenDay.objects.get().refusals) == (2, 2)
    assert (TokenAddress.objects.get().calls, TokenAddress.objects.get().last_at) == (2, NOW + SECOND)
    assert (RefusalDay.objects.get().calls, RefusalDay.objects.get().last_address) == (2, "192.0.2.9")


def test_a_failure_while_networks_are_looked_up_ends_neither_the_turn_nor_the_next(token: Token) -> None:
    """The writing thread calls flush() as it is: what escapes from it ends the counting of the process."""
    note(ledger, token)

    with failing("SELECT", "tokens_tokennetwork"):
        ledger.flush()
    note(ledger, token)
    ledger.flush()

    assert TokenDay.objects.get().calls == 2


@pytest.mark.django_db(transaction=True)
def test_threads_that_count_while_others_write_lose_nothing(alices_license: License) -> None:
    token, book = issue(alices_license).token, Ledger()
    start = threading.Barrier(6)

    def count() -> None:
        start.wait()
        for _ in range(500):
            note(book, token)

    def write() -> None:
        start.wait()
        for _ in range(20):
            book.flush()
        connection.close()

    threads = [threading.Thread(target=deed) for deed in [count] * 4 + [write] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    book.flush()

    assert (TokenDay.objects.get().calls, TokenAddress.objects.get().calls) == (2000, 2000)


# Forgetting


def counters(token: Token, days_ago: int) -> None:
    day = (NOW - days_ago * DAY).date()
    TokenDay.objects.create(token=token, day=day, calls=1)
    RefusalDay.objects.create(token=token, day=day, code="scope_missing", calls=1, last_at=NOW - days_ago * DAY)


def test_usage_is_kept_for_four_hundred_days(token: Token) -> None:
    for days_ago in (0, 400, 401, 500):
        counters(token, days_ago)
    said = StringIO()

    with at(NOW):
        call_command("pruneusage", stdout=said)

    kept = [NOW.date() - 400 * DAY, NOW.date()]
    assert list(TokenDay.objects.order_by("day").values_list("day", flat=True)) == kept
    assert list(RefusalDay.objects.order_by("day").values_list("day", flat=True)) == kept
    assert said.getvalue() == "4 days of usage before 2025-01-26 deleted.\n"


def test_pruning_can_be_tried_without_deleting(token: Token) -> None:
    counters(token, 401)
    said = StringIO()

    with at(NOW):
        call_command("pruneusage", "--dry-run", stdout=said)

    assert TokenDay.objects.count() == 1
    assert said.getvalue() == "2 days of usage before 2025-01-26 would go.\n"


def test_pruning_twice_deletes_nothing_more(token: Token) -> None:
    counters(token, 401)
    with at(NOW):
        call_command("pruneusage", stdout=StringIO())
    said = StringIO()

    with at(NOW):
        call_command("pruneusage", stdout=said)

    assert said.getvalue().startswith("0 days of usage")
