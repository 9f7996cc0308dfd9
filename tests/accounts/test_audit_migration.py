"""An installation that wrote its log before it was chained."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts import triggers
from accounts.models import AuditEvent, Organization
from tests.accounts.test_audit_chain import verified
from tests.factories import OrganizationFactory

BEFORE = ("accounts", "0003_service_accounts")


def migrate_back() -> Any:
    MigrationExecutor(connection).migrate([BEFORE])
    return MigrationExecutor(connection).loader.project_state([BEFORE]).apps


@pytest.fixture
def up_to_date(transactional_db: None) -> Iterator[Callable[[], None]]:
    """Migrates to the newest, which later tests need too."""

    def migrate() -> None:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())

    yield migrate
    migrate()


@pytest.mark.django_db(transaction=True)
def test_events_that_are_there_already_are_chained_in_their_order(up_to_date: Callable[[], None]) -> None:
    organization = OrganizationFactory(slug="meridian")
    former = migrate_back().get_model("accounts", "AuditEvent")
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    for number in range(5):
        former.objects.create(
            occurred_at=at,
            action="token.edited",
            organization_id=organization.pk if number % 2 else None,
            details={"changes": {"name": ["früher", number]}},
            address="192.0.2.7",
        )

    up_to_date()

    assert triggers.are_installed(connection)
    triggers.remove(connection)
    events = AuditEvent.objects.order_by("pk").values_list("organization__slug", "position")
    assert list(events) == [(None, 1), ("meridian", 1), (None, 2), ("meridian", 2), (None, 3)]
    assert verified()[0]
    assert Organization.objects.get() == organization
