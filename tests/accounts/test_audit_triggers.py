"""The database itself refuses to change the audit log, also to whoever goes around the ORM."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import audit, triggers
from accounts.actor import Actor
from accounts.models import AuditEvent, AuditMark, Organization


@pytest.fixture
def event(organization: Organization) -> Iterator[AuditEvent]:
    """With one older event, which a mark has cut off."""
    triggers.install(connection)
    with time_machine.travel(timezone.now() - timedelta(days=401), tick=False):
        audit.record("token.seen", actor=Actor(None), organization=organization)
    event = audit.record("token.seen", actor=Actor(None), organization=organization)
    call_command("pruneaudit", stdout=StringIO())
    assert AuditMark.objects.get().position == 1
    yield event
    triggers.remove(connection)


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET action = 'nothing.happened'",
        "DELETE FROM accounts_auditevent",
        "UPDATE accounts_auditmark SET position = 99",
        "DELETE FROM accounts_auditmark",
        pytest.param(
            "REPLACE INTO accounts_auditevent SELECT * FROM accounts_auditevent",
            marks=pytest.mark.skipif(connection.vendor != "sqlite", reason="Only SQLite replaces."),
        ),
        pytest.param(
            "REPLACE INTO accounts_auditmark SELECT * FROM accounts_auditmark",
            marks=pytest.mark.skipif(connection.vendor != "sqlite", reason="Only SQLite replaces."),
        ),
    ],
)
def test_what_is_written_stays_as_it_is(event: AuditEvent, statement: str) -> None:
    before = list(AuditEvent.objects.values()), list(AuditMark.objects.values())

    with pytest.raises(DatabaseError, match="append-only"):
        run(statement)

    assert (list(AuditEvent.objects.values()), list(AuditMark.objects.values())) == before


def test_it_is_known_whether_the_triggers_are_there(event: AuditEvent) -> None:
    assert triggers.are_installed(connection)

    triggers.remove(connection)

    assert not triggers.are_installed(connection)
