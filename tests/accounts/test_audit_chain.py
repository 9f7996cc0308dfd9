"""Whoever changes, removes, adds or moves a row of the audit log is found out."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts import audit, chain
from accounts.actor import Actor
from accounts.address import canonical
from accounts.models import AuditChain, AuditEvent, AuditMark, Organization, User
from tests.factories import LicenseFactory, OrganizationFactory

EVENTS, CHAINS, MARKS = "accounts_auditevent", "accounts_auditchain", "accounts_auditmark"


@pytest.fixture
def log(organization: Organization, alice: User, bob: User) -> list[AuditEvent]:
    """Nine events of Meridian, with another organization's and the site's own between them."""
    elsewhere = OrganizationFactory(slug="elsewhere")
    events = []
    for number in range(9):
        actor = Actor(bob, "192.0.2.7", "curl/8")
        changes = {"changes": {"name": ["früher", number], "ends": [None, True]}}
        events.append(audit.record("token.edited", actor=actor, subject=alice, organization=organization, **changes))
        audit.record("token.edited", actor=actor, organization=elsewhere if number % 2 else None)
    return events


def sql(statement: str, *parameters: object) -> None:
    """What somebody does who holds the database, but not the keys."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def verified(*options: str) -> tuple[bool, str]:
    out = StringIO()
    try:
        call_command("verifyaudit", *options, stdout=out, stderr=StringIO())
    except SystemExit as ended:
        return ended.code != 1, out.getvalue()
    return True, out.getvalue()


def fault() -> str:
    """What is said of Meridian's chain; the others are always whole."""
    unbroken, said = verified()
    lines = dict(line.split(": ", 1) for line in said.splitlines())
    assert "unbroken" in lines["elsewhere"]
    assert "unbroken" in lines["(site)"]
    assert unbroken is ("unbroken" in lines["meridian"])
    return lines["meridian"].removeprefix("BROKEN, ")


def head() -> str:
    end = AuditChain.objects.get(organization__slug="meridian")
    return f"{end.count}:{bytes(end.head).hex()}"


def test_a_log_that_nobody_touched_is_unbroken_and_says_its_head(log: list[AuditEvent]) -> None:
    assert fault() == f"9 events, unbroken, head {head()}"


@pytest.mark.parametrize(
    "text", ["::1", "::5", "::", "::ffff", "::ffff:0:1", "::1:0:0", "2001:db8:0:1:1:1:1:1", "64:ff9b::1.2.3.4"]
)
def test_an_address_is_given_back_as_it_was_signed(organization: Organization, text: str) -> None:
    audit.record("token.seen", actor=Actor(None, address=canonical(text)), organization=organization)

    assert AuditEvent.objects.get().address == canonical(text)
    assert verified()[0]


def test_batches_make_no_difference(log: list[AuditEvent], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.verification.ROWS_AT_ONCE", 2)

    assert fault().startswith("9 events, unbroken")


COLUMNS = [field.column for field in AuditEvent._meta.concrete_fields]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite stores what it is given, byte for byte.")
@pytest.mark.parametrize(
    "column", [column for column in COLUMNS if column not in {"id", "organization_id", "position"}]
)
def test_one_changed_byte_of_any_column_is_found(log: list[AuditEvent], column: str) -> None:
    sql("PRAGMA ignore_check_constraints = ON")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT CAST({column} AS blob), typeof({column}) FROM {EVENTS} WHERE id = %s", [log[4].pk])
        stored, kind = cursor.fetchone()

    for value in changed_in_one_byte(stored or b""):
        sql(
            f"UPDATE {EVENTS} SET {column} = CAST(%s AS {'text' if kind == 'null' else kind}) WHERE id = %s",
            value,
            log[4].pk,
        )
        assert "unbroken" not in fault(), value

    sql("PRAGMA ignore_check_constraints = OFF")


def changed_in_one_byte(stored: bytes) -> list[bytes]:
    """Also by one that reads the same in JSON and in dates, and by one more."""
    places = range(len(stored))
    changed = [stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :] for place in places]
    return [*changed, stored.replace(b" ", b"\t", 1), stored + b"1"] if b" " in stored else [*changed, stored + b"1"]


def move(event: AuditEvent, position: int) -> None:
    sql(f"UPDATE {EVENTS} SET position = %s WHERE id = %s", position, event.pk)


def swap(log: list[AuditEvent]) -> None:
    move(log[3], 100)
    move(log[4], 4)
    move(log[3], 5)


def delete(*events: AuditEvent) -> None:
    for event in events:
        sql(f"DELETE FROM {EVENTS} WHERE id = %s", event.pk)


def copy(event: AuditEvent, position: int) -> None:
    columns = ", ".join(column for column in COLUMNS if column not in {"id", "position"})
    sql(
        f"INSERT INTO {EVENTS} (position, {columns}) SELECT %s, {columns} FROM {EVENTS} WHERE id = %s",
        position,
        event.pk,
    )


def push_in(log: list[AuditEvent]) -> None:
    for event in reversed(log[5:]):
        move(event, event.position + 1)
    copy(log[2], 6)
    sql(f"UPDATE {EVENTS} SET id = -id WHERE position = 6")  # so that the order of the keys gives nothing away


def forget_tail(log: list[AuditEvent]) -> None:
    """The rows, and the row that says how many there are."""
    delete(*log[7:])
    sql(f"UPDATE {CHAINS} SET count = 7, head = %s WHERE organization_id = %s", log[6].mac, log[0].organization_id)


def forge_mark(log: list[AuditEvent]) -> None:
    sql(
        f"INSERT INTO {MARKS} (organization_id, position, head, cut_at, key, mac) VALUES (%s, 3, %s, %s, %s, %s)",
        log[0].organization_id,
        log[2].mac,
        timezone.now(),
        chain.newest_key(),
        bytes(32),
    )
    delete(*log[:3])


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (
            lambda log: sql(f"UPDATE {EVENTS} SET action = 'x' WHERE id = %s", log[4].pk),
            "changed: event {4} at position 5",
        ),
        (
            lambda log: sql(f"UPDATE {EVENTS} SET id = id + 1000 WHERE id = %s", log[8].pk),
            "changed: event .* at position 9",
        ),
        pytest.param(
            lambda log: sql(f"UPDATE {EVENTS} SET occurred_at = '2026-13-45 00:00:00' WHERE id = %s", log[4].pk),
            "changed: event {4}, which cannot",
            marks=pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite stores what it is given."),
        ),
        (
            lambda log: sql(f"UPDATE {EVENTS} SET key = 77 WHERE id = %s", log[4].pk),
            "not to be verified: event {4} .* key 77",
        ),
        (
            lambda log: sql(f"UPDATE {EVENTS} SET organization_id = 999 WHERE id = %s", log[4].pk),
            "missing: position 5$",
        ),
        (lambda log: delete(log[4], log[5]), "missing: positions 5 to 6$"),
        (lambda log: delete(*log[:2]), "missing: positions 1 to 2 at the beginning, cut off without a mark"),
        (swap, "reordered: event .* at position 4"),
        (push_in, "inserted: event .* at position 6"),
        (lambda log: copy(log[2], 10), "inserted: event .* at position 10"),
        (lambda log: delete(*log[7:]), "tail cut off: positions 8 to 9 missing"),
        (lambda log: delete(*log), "tail cut off: positions 1 to 9 missing"),
        (forget_tail, "forged chain head"),
        (
            lambda log: sql(f"DELETE FROM {CHAINS} WHERE organization_id = %s", log[0].organization_id),
            "forged chain head",
        ),
        (forge_mark, "forged mark"),
    ],
)
def test_the_first_fault_is_named(log: list[AuditEvent], tamper: Callable[[list[AuditEvent]], None], said: str) -> None:
    tamper(log)

    expected = said.replace("{4}", str(log[4].pk))
    assert re.match(expected, fault()), fault()


def test_an_event_of_another_chain_does_not_fit_into_this_one(log: list[AuditEvent]) -> None:
    foreign = AuditEvent.objects.filter(organization__slug="elsewhere").latest("pk")
    delete(log[8])
    sql(f"UPDATE {EVENTS} SET organization_id = %s, position = 9 WHERE id = %s", log[0].organization_id, foreign.pk)

    unbroken, said = verified("--organization", "meridian")

    assert not unbroken
    assert f"event {foreign.pk} at position 9" in said


def test_a_whole_tail_rolled_back_with_its_head_is_seen_by_whoever_noted_a_later_head(log: list[AuditEvent]) -> None:
    earlier = AuditChain.objects.filter(organization__slug="meridian").values().get()
    early_head = head()
    audit.record("token.edited", actor=Actor(None), organization=log[0].organization)
    late_head = head()
    assert verified("--organization", "meridian", "--head", early_head)[0]

    delete(AuditEvent.objects.latest("pk"))
    sql(
        f"UPDATE {CHAINS} SET count = %s, head = %s, mac = %s WHERE id = %s",
        *(earlier[column] for column in ("count", "head", "mac", "id")),
    )

    assert verified("--organization", "meridian")[0]
    assert verified("--organization", "meridian", "--head", early_head)[0]
    unbroken, said = verified("--organization", "meridian", "--head", late_head)
    assert not unbroken
    assert "rolled back" in said


@pytest.mark.parametrize(
    "options",
    [
        ["--organization", "nowhere"],
        ["--organization", "meridian", "--head", "9"],
        ["--organization", "meridian", "--head", "9:xyz"],
        ["--head", "9:" + "0" * 64],
    ],
)
def test_what_makes_no_sense_is_refused(log: list[AuditEvent], options: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("verifyaudit", *options)


def test_an_old_chain_is_cut_behind_a_mark_and_stays_unbroken(organization: Organization) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=401), tick=False):
        old = [audit.record("token.seen", actor=Actor(None), organization=organization) for _ in range(3)]
    kept = [audit.record("token.seen", actor=Actor(None), organization=organization) for _ in range(2)]
    out = StringIO()

    call_command("pruneaudit", "--dry-run", stdout=out)
    assert AuditEvent.objects.count() == 5
    call_command("pruneaudit", stdout=out)

    assert [line.split(" before ")[0] for line in out.getvalue().splitlines()] == ["3 audit events"] * 2
    assert list(AuditEvent.objects.order_by("pk")) == kept
    mark = AuditMark.objects.get()
    assert (mark.organization, mark.position, bytes(mark.head)) == (organization, 3, bytes(old[2].mac))
    assert verified("--organization", "meridian") == (
        True,
        f"meridian: 2 events, unbroken, cut behind position 3, head {head()}\n",
    )
    call_command("pruneaudit", stdout=out)
    assert AuditMark.objects.count() == 1


def test_a_chain_that_was_cut_whole_goes_on_behind_its_mark(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.retention.CUT_AT_ONCE", 2)
    with time_machine.travel(timezone.now() - timedelta(days=401), tick=False):
        for _ in range(3):
            audit.record("token.seen", actor=Actor(None), organization=organization)
    call_command("pruneaudit", stdout=StringIO())

    event = audit.record("token.seen", actor=Actor(None), organization=organization)

    assert event.position == 4
    assert verified("--organization", "meridian")[1].startswith("meridian: 1 event, unbroken, cut behind position 3")


def test_what_is_put_below_a_mark_again_is_found(log: list[AuditEvent]) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=401)):
        call_command("pruneaudit", stdout=StringIO())
        later = audit.record("token.seen", actor=Actor(None), organization=log[0].organization)
    copy(later, 2)

    assert re.match(
        r"inserted: event \d+ at position 2, which was cut off", verified("--organization", "meridian")[1][18:]
    )


def test_fewer_than_thirty_days_are_refused(log: list[AuditEvent]) -> None:
    with pytest.raises(CommandError, match="At least 30"):
        call_command("pruneaudit", "--days", "29")


def test_rows_signed_with_a_former_key_are_still_verified(log: list[AuditEvent], settings) -> None:
    settings.AUDIT_KEYS = settings.AUDIT_KEYS | {3: b"a key of the operator's very own"}

    event = audit.record("token.seen", actor=Actor(None), organization=log[0].organization)

    assert event.key == 3
    assert verified()[0]
    del settings.AUDIT_KEYS[3]
    assert "key 3" in verified()[1]


def test_what_concerns_a_person_stands_in_each_of_their_organizations_and_is_told_once(alice: User, bob: User) -> None:
    second = LicenseFactory(user=alice, organization__slug="second").organization
    LicenseFactory(user=alice, individual=True)
    LicenseFactory(user=alice, organization__slug="former", valid_until=timezone.now())

    event = audit.record_about_person("account.signed_in", alice, actor=Actor(alice))

    rows = AuditEvent.objects.filter(action="account.signed_in").order_by("pk")
    assert [row.organization.slug for row in rows] == ["meridian", second.slug]
    assert list(AuditEvent.objects.about(alice)) == [event]
    assert verified()[0]


def test_what_concerns_a_person_without_a_license_stands_in_the_sites_own_chain(charlie: User) -> None:
    event = audit.record_about_person("account.signed_in", charlie, actor=Actor(charlie))

    assert (event.organization, event.position) == (None, 1)
