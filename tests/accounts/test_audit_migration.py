"""An installation that wrote its log before it was chained."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from accounts import triggers
from accounts.models import AuditEvent, Organization
from tests.accounts.test_audit_chain import verified
from tests.factories import OrganizationFactory
from tests.migrating import migrate_back, migrate_forward

BEFORE = [("accounts", "0003_service_accounts")]


@pytest.mark.django_db(transaction=True)
def test_events_that_are_there_already_are_chained_in_their_order(comes_back: None) -> None:
    organization = OrganizationFactory(slug="meridian")
    former = migrate_back(BEFORE).get_model("accounts", "AuditEvent")
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    for number in range(5):
        former.objects.create(
            occurred_at=at,
            action="token.edited",
            organization_id=organization.pk if number % 2 else None,
            details={"changes": {"name": ["früher", number]}},
            address="192.0.2.7",
        )

    migrate_forward()

    assert triggers.are_installed(connection)
    triggers.remove(connection)
    events = AuditEvent.objects.order_by("pk").values_list("organization__slug", "position")
    assert list(events) == [(None, 1), ("meridian", 1), (None, 2), ("meridian", 2), (None, 3)]
    assert verified()[0]
    assert Organization.objects.get() == organization
