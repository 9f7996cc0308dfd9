"""What a search finds in the inventory, among the members and in the log, with few that match and with very many."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts import audit
from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, License, Organization, User
from config import keyset
from config.choice import Found
from config.passing import in_passing
from tests.factories import LicenseFactory, UserFactory, issue, rename, service_account
from tokens import lifecycle
from tokens.events import AuditFilter
from tokens.filters import MemberFilter, TokenFilter
from tokens.models import Token

BOUNDS = [pytest.param(10_000, id="few"), pytest.param(0, id="in passing")]


@pytest.fixture(params=BOUNDS)
def bound(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same is found, whichever way it is read: none of the ways knows of the others."""
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", request.param)


@pytest.fixture
def tokens(alices_license: License, bob: User, mallory: User) -> None:
    for license in (alices_license, bob.licenses.get(), mallory.licenses.get()):
        for name in ("Deploy-job 70707", "export_Ünïcode"):
            issue(license, name)


def met(found: Found) -> Any:
    return in_passing(found.rows, found.asked)


def found(organization: Organization, q: str, **query: str) -> set[str]:
    filter = TokenFilter({"q": q} | query, organization=organization)
    assert filter.is_valid(), filter.errors
    rows = met(filter.apply(timezone.now()))
    passing = filter.in_passing(timezone.now())
    assert sorted(rows.values_list("pk")) == sorted(passing.values_list("pk"))
    return {f"{token.owner.name.split()[0]}: {token.name}" for token in rows}


BOTH = {"Alice: Deploy-job 70707", "Bob: Deploy-job 70707"}
ALICES = {"Alice: Deploy-job 70707", "Alice: export_Ünïcode"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("deploy", BOTH),
        ("JOB 7", BOTH),
        ("70707", BOTH),  # longer than a part of a hint, which may be anything
        ("eploy", set()),
        ("ÜNÏ", {"Alice: export_Ünïcode", "Bob: export_Ünïcode"}),
        ("alice", ALICES),
        ("alice holm", ALICES),
        ("holm", ALICES),
        ("ALICE@", ALICES),
        ("ST-20417", ALICES),
        ("20417", ALICES),
        ("mallory", set()),
        ("nowhere", set()),
        ("%", set()),
        ("_", set()),
    ],
)
def test_tokens_are_found_by_name_person_and_license(
    bound: None, organization: Organization, tokens: None, words: str, expected: set[str]
) -> None:
    assert found(organization, words) == expected


@pytest.mark.parametrize("part", [slice(None), slice(None, 6), slice(-4, None), slice(4, 8)])
def test_a_token_is_found_by_either_end_of_its_hint(
    bound: None, organization: Organization, tokens: None, part: slice
) -> None:
    token = Token.objects.filter(organization=organization).earliest("pk")

    for hint in (token.hint, token.hint.replace("…", "..."), token.hint.upper()):
        assert "Alice: Deploy-job 70707" in found(organization, hint[part])


def test_words_and_filters_hold_together(bound: None, organization: Organization, tokens: None, alice: User) -> None:
    lifecycle.revoke(actor=SYSTEM, token=Token.objects.filter(owner=alice, name="Deploy-job 70707").get())

    assert found(organization, "job", state="revoked") == {"Alice: Deploy-job 70707"}
    assert found(organization, "job", state="active", used="never") == {"Bob: Deploy-job 70707"}
    assert found(organization, "nowhere", state="active") == set()
    assert found(organization, "alice", state="revoked", sort="name") == {"Alice: Deploy-job 70707"}


def test_a_token_is_not_found_by_a_former_name(
    bound: None, organization: Organization, alices_license: License
) -> None:
    token = issue(alices_license, "nightly").token

    lifecycle.edit(actor=SYSTEM, token=token, name="hourly")

    assert found(organization, "nightly") == set()
    assert found(organization, "hourly") == {"Alice: hourly"}


def members(organization: Organization, q: str, **query: str) -> set[str]:
    filter = MemberFilter({"q": q} | query)
    assert filter.is_valid(), filter.errors
    return {license.user.name for license in met(filter.apply(organization))}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("alice", {"Alice Holm"}),
        ("HOLM", {"Alice Holm"}),
        ("@example.org", {"Alice Holm", "Bob Reyes"}),
        ("studio", {"Alice Holm", "Bob Reyes", "Night Watch"}),
        ("20418", {"Bob Reyes"}),
        ("watch", {"Night Watch"}),
        ("lice", set()),
        ("mallory", set()),
    ],
)
def test_members_are_found_by_person_and_license(
    bound: None, organization: Organization, tokens: None, words: str, expected: set[str]
) -> None:
    rename([service_account(organization, "Night Watch")], name="Studio")

    assert members(organization, words) == expected


def test_words_and_filters_of_members_hold_together(bound: None, organization: Organization, tokens: None) -> None:
    assert members(organization, "studio", role="administrator") == {"Bob Reyes"}
    assert members(organization, "studio", kind="service") == set()
    assert members(organization, "studio", status="former") == set()


@pytest.fixture
def log(organization: Organization, alices_license: License, bob: User) -> Callable[[str], set[str]]:
    """What a search of the log finds, of what is recorded after this."""
    first = AuditEvent.objects.count()

    def told(q: str, **query: str) -> set[str]:
        filter = AuditFilter({"q": q} | query)
        assert filter.is_valid(), filter.errors
        events = AuditEvent.objects.of_chain(organization).filter(pk__gt=first)
        choice = filter.choice(organization)
        rows = met(choice.out_of(events))
        assert sorted(rows.values_list("pk")) == sorted(choice.in_passing(events).values_list("pk"))
        return set(rows.values_list("action", flat=True))

    return told


def test_events_are_found_by_person_and_address(
    bound: None, organization: Organization, alice: User, bob: User, log: Callable[..., set[str]]
) -> None:
    audit.record("seen.alice", actor=Actor(alice, "198.51.100.9"), organization=organization)
    audit.record("seen.bob", actor=Actor(bob, "2001:db8::7"), subject=alice, organization=organization)
    audit.record("seen.system", actor=Actor(None, "198.51.1.1"), organization=organization)

    assert log("alice") == {"seen.alice", "seen.bob"}
    assert log("bob@example") == {"seen.bob"}
    assert log("alice", action="token.created") == set()
    assert log("198.51.100.9") == {"seen.alice"}
    assert log("2001:DB8:0::7") == {"seen.bob"}
    assert log("198.51.100") == log("198.51.100.") == {"seen.alice"}
    assert log("198.51") == log("198.") == {"seen.alice", "seen.system"}
    assert log("198.5.") == log("198.999") == log("mallory") == log("nowhere") == set()


def test_events_are_found_by_the_name_that_a_token_has_or_had(
    bound: None, alices_license: License, log: Callable[..., set[str]]
) -> None:
    token = issue(alices_license, "nightly-export").token
    lifecycle.edit(actor=SYSTEM, token=token, name="hourly")
    issue(alices_license, "other")

    for words in ("hourly", "export", token.hint, token.hint[-4:]):
        assert log(words) == {"token.created", "token.edited"}
    assert log("nightly") == {"token.created", "token.edited"}


def test_events_are_found_by_the_hint_of_an_account_token(
    alices_license: License, charlie: User, log: Callable[..., set[str]]
) -> None:
    tokens = [lifecycle.regenerate(actor=SYSTEM, owner=owner).token for owner in (alices_license.user, charlie)]

    assert [log(token.hint) for token in tokens] == [{"account_token.created"}, set()]


def test_events_are_found_by_an_operator_who_is_no_member(
    organization: Organization, bob: User, log: Callable[..., set[str]]
) -> None:
    operator = UserFactory(name="Olga Perez", is_staff=True)
    audit.record("seen", actor=Actor(operator), organization=organization)

    assert log("perez") == {"seen"}
    assert log("erez") == set()


def test_events_of_former_members_are_found(organization: Organization, log: Callable[..., set[str]]) -> None:
    former = LicenseFactory(organization=organization, user__name="Dana Former")
    audit.record("seen", actor=Actor(former.user), organization=organization)
    License.objects.filter(pk=former.pk).update(deactivated_at=timezone.now(), withdrawn_at=timezone.now())

    assert log("dana") == {"seen"}


@pytest.mark.parametrize("bound", [10_000, 2])
def test_operators_and_parts_of_addresses_are_found_beside_many_words(
    organization: Organization, alices_license: License, log: Callable[..., set[str]], monkeypatch: Any, bound: int
) -> None:
    for number in range(3):
        issue(alices_license, f"olga 192.168 {number}")
    operator = UserFactory(name="Olga Perez", is_staff=True)
    audit.record("seen.olga", actor=Actor(operator, "192.168.1.1"), organization=organization)
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", bound)

    assert "seen.olga" in log("olga")
    assert "seen.olga" in log("192.168")


def test_events_by_and_about_the_same_person_hide_no_others(
    organization: Organization, alice: User, bob: User, log: Callable[..., set[str]], monkeypatch: Any
) -> None:
    for _ in range(3):
        audit.record("seen.own", actor=Actor(alice), subject=alice, organization=organization)
    audit.record("seen.about", actor=Actor(bob), subject=alice, organization=organization)
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", 3)

    assert log("alice") == {"seen.own", "seen.about"}
