"""The audit log only grows."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import transaction

from accounts import audit, people
from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, License, User
from accounts.models.audit import AppendOnly
from tests.factories import LicenseFactory, issue


@pytest.fixture
def event(alice: User) -> AuditEvent:
    return audit.record("account.signed_in", actor=Actor(alice, "192.0.2.7", "curl/8"), subject=alice)


def rename(event: AuditEvent) -> None:
    event.action = "nothing.happened"
    event.save()


def update_in_bulk(event: AuditEvent) -> None:
    event.action = "nothing.happened"
    AuditEvent.objects.bulk_update([event], ["action"])


def insert_over(event: AuditEvent) -> None:
    event.action = "nothing.happened"
    AuditEvent.objects.bulk_create([event], update_conflicts=True, update_fields=["action"], unique_fields=["id"])


def save_over(event: AuditEvent) -> None:
    """A new object that claims the number of an old event."""
    copy = AuditEvent(pk=event.pk, action="nothing.happened", occurred_at=event.occurred_at)
    copy.save()


@pytest.mark.parametrize(
    "tamper",
    [
        rename,
        update_in_bulk,
        insert_over,
        save_over,
        lambda event: event.delete(),
        lambda event: AuditEvent.objects.filter(pk=event.pk).update(action="nothing.happened"),
        lambda event: AuditEvent.objects.filter(pk=event.pk).delete(),
        lambda event: AuditEvent.objects.all().delete(),
        lambda event: event.subject.events.all().delete(),
        lambda event: event.subject.events.update(action="nothing.happened"),
        lambda event: AuditEvent.objects.update_or_create(
            pk=event.pk, defaults={"action": "nothing.happened"}, create_defaults={}
        ),
    ],
)
def test_an_event_is_never_changed_or_deleted(event: AuditEvent, tamper) -> None:
    with pytest.raises(AppendOnly), transaction.atomic():
        tamper(event)

    assert AuditEvent.objects.get(pk=event.pk).action == "account.signed_in"


@time_machine.travel(datetime(2026, 3, 2, 9, 0, tzinfo=UTC), tick=False)
def test_an_event_says_who_what_to_whom_from_where_and_when(alice: User, bob: User) -> None:
    actor = Actor(bob, "192.0.2.7", "curl/8")

    event = audit.record("user.deactivated", actor=actor, subject=alice, reason="left")

    event.refresh_from_db()
    assert (event.actor, event.action, event.subject) == (bob, "user.deactivated", alice)
    assert (event.address, event.user_agent) == ("192.0.2.7", "curl/8")
    assert event.occurred_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert event.details == {"reason": "left"}
    assert str(event) == "user.deactivated at 2026-03-02 09:00:00"


def test_nobody_may_act_too(db: None) -> None:
    event = audit.record("token.revoked", actor=SYSTEM)

    assert (event.actor, event.address, event.user_agent) == (None, None, "")


def test_a_token_is_named_by_number_name_and_hint(alices_license: License) -> None:
    token = issue(alices_license, name="nightly-export").token

    event = audit.record("token.seen", actor=SYSTEM, token=token)

    assert (event.token_id, event.token_name, event.token_hint) == (token.pk, "nightly-export", token.hint)


def test_an_event_about_a_license_names_person_organization_and_license(alices_license: License) -> None:
    event = audit.record_on_license("member.deactivated", alices_license, actor=SYSTEM)

    assert (event.subject, event.organization) == (alices_license.user, alices_license.organization)
    assert event.details == {"license": "Studio ST-20417"}


def test_what_concerns_a_person_is_found_newest_first_whoever_did_it(alice: User, bob: User) -> None:
    done_by_alice = audit.record("account.signed_in", actor=Actor(alice), subject=alice)
    done_to_alice = audit.record("member.deactivated", actor=Actor(bob), subject=alice)
    audit.record("account.signed_in", actor=Actor(bob), subject=bob)

    assert list(AuditEvent.objects.about(alice)) == [done_to_alice, done_by_alice]
    assert AuditEvent.objects.latest_about(alice, 3) == [done_to_alice, done_by_alice]
    assert AuditEvent.objects.latest_about(alice, 1) == [done_to_alice]


def test_a_token_is_named_to_its_own_organization_only(alices_license: License, mallory: User) -> None:
    alice = alices_license.user
    LicenseFactory(user=alice, organization=mallory.licenses.get().organization)
    token = issue(alices_license, "merger-with-acme").token

    people.edit(alice, actor=Actor(alice), token=token, name="Alice H.")

    told = {event.organization.slug: event.token_name for event in AuditEvent.objects.filter(action="account.edited")}
    assert told == {"meridian": "merger-with-acme", "elsewhere": ""}
