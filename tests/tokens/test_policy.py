"""An organization's policy, felt by calls: tightening blocks and destroys nothing, loosening brings back."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, License, Organization, Role, User
from tests.calls import HOME, call, outcome
from tests.conftest import signed_in
from tests.factories import LicenseFactory, UserFactory, issue
from tests.tokens.scenes import DAY
from tokens import lifecycle
from tokens.lifecycle import ActRefused, Issued
from tokens.models import Policy, State, Token


def rule(organization: Organization, **rules: object) -> Policy:
    return lifecycle.change_policy(actor=SYSTEM, organization=organization, **rules)


NOTHING = {
    "lifetime": None,
    "requires_expiry": False,
    "allowed_networks": [],
    "requires_second_factor": False,
    "idle_after": None,
    "withheld_scope": "",
}
LONG_AGO = timezone.now() - 8 * DAY
LONG_UNUSED = {"created_at": LONG_AGO, "first_used_at": LONG_AGO, "last_used_at": LONG_AGO}
RULES = [
    ({"lifetime": 58 * DAY}, {}, "policy_blocked", "lifetime"),
    ({"lifetime": 90 * DAY}, {"expires_at": None}, "policy_blocked", "lifetime"),
    ({"requires_expiry": True}, {"expires_at": None}, "policy_blocked", "expiry"),
    ({"requires_second_factor": True}, {}, "policy_blocked", "second-factor"),
    ({"idle_after": 7 * DAY}, LONG_UNUSED, "policy_blocked", "idle"),
    ({"allowed_networks": ["203.0.113.0/24"]}, {}, "address_denied", None),
    ({"withheld_scope": "account:read"}, {}, "permission_withheld", None),
]

NAMES = ["lifetime", "no end", "expiry", "second factor", "idle", "network", "permission"]


@pytest.mark.parametrize(("rules", "facts", "code", "named"), RULES, ids=NAMES)
def test_a_rule_blocks_from_the_next_call_on_and_loosening_it_brings_the_token_back(
    organization: Organization, issued: Issued, rules: dict, facts: dict, code: str, named: str | None
) -> None:
    before = [outcome(call(issued))]
    Token.objects.update(**facts)

    rule(organization, **rules)
    refused = call(issued)
    rule(organization, **NOTHING)
    after = [outcome(call(issued))]

    assert (before, after) == (["let in"], ["let in"])
    assert (refused.json()["code"], refused.json().get("rule")) == (code, named)
    assert Token.objects.get(pk=issued.token.pk).revoked_at is None


@pytest.mark.parametrize(("rules", "facts", "code", "named"), RULES, ids=NAMES)
def test_a_rule_that_the_token_keeps_lets_it_in(
    organization: Organization, issued: Issued, rules: dict, facts: dict, code: str, named: str | None
) -> None:
    User.objects.update(second_factor_at=timezone.now())
    Token.objects.update(expires_at=timezone.now() + 7 * DAY, created_at=timezone.now() - DAY)
    kept = rules | ({"allowed_networks": [f"{HOME}/32"]} if "allowed_networks" in rules else {})
    kept |= {"withheld_scope": "account:write"} if "withheld_scope" in rules else {}

    rule(organization, **kept)

    assert outcome(call(issued)) == "let in"


def test_the_policy_of_another_organization_says_nothing(issued: Issued, mallory: User) -> None:
    rule(mallory.licenses.get().organization, lifetime=DAY, requires_second_factor=True)

    assert outcome(call(issued)) == "let in"


def test_the_account_token_hangs_on_no_organization(organization: Organization, alice: User) -> None:
    issued = lifecycle.regenerate(actor=SYSTEM, owner=alice)

    rule(organization, requires_expiry=True, requires_second_factor=True)

    assert outcome(call(issued)) == "let in"


@pytest.mark.parametrize("kind", ["administrator", "service account"])
def test_administrators_and_service_accounts_may_use_what_members_may_not_grant(
    organization: Organization, issued: Issued, kind: str
) -> None:
    rule(organization, withheld_scope="account:read")
    if kind == "administrator":
        License.objects.update(role=Role.ADMINISTRATOR)
    else:
        User.objects.update(is_service_account=True, password=make_password(None))

    assert outcome(call(issued)) == "let in"


def test_a_blocked_token_keeps_its_hook_and_can_be_revoked(
    organization: Organization, issued: Issued, alice: User
) -> None:
    rule(organization, lifetime=DAY)
    token = Token.objects.with_surroundings().get()

    assert token.state(timezone.now()) == State.BLOCKED
    assert Token.objects.on_hooks(timezone.now()).count() == 1
    lifecycle.revoke(actor=Actor(alice), token=token)
    assert outcome(call(issued)) == "token_revoked"


# What a member may make and change.


@pytest.mark.parametrize(
    ("rules", "fields", "reason"),
    [
        ({"lifetime": 30 * DAY}, {"expires_at": timezone.now() + 32 * DAY}, "at most 30 days"),
        ({"lifetime": 30 * DAY}, {"expires_at": None}, "asks for an expiry date"),
        ({"requires_expiry": True}, {"expires_at": None}, "asks for an expiry date"),
        ({"requires_second_factor": True}, {}, "asks for two-factor"),
        ({"withheld_scope": "account:write"}, {"scope": "account:write"}, "lets no member grant account:write"),
        ({"withheld_scope": "account:read"}, {"scope": "account:write"}, "lets no member grant account:write"),
    ],
)
def test_a_token_that_would_be_blocked_is_not_issued(
    organization: Organization, alices_license: License, rules: dict, fields: dict, reason: str
) -> None:
    rule(organization, **rules)

    with pytest.raises(ActRefused, match=reason):
        issue(alices_license, **fields)

    assert not Token.objects.exists()


def test_bringing_the_expiry_nearer_unblocks(organization: Organization, issued: Issued, alice: User) -> None:
    rule(organization, lifetime=30 * DAY)
    token = issued.token

    lifecycle.edit(
        actor=Actor(alice), token=token, name=token.name, scope=token.scopes, expires_at=timezone.now() + 20 * DAY
    )

    assert outcome(call(issued)) == "let in"


def test_the_rest_of_a_token_can_be_edited_while_it_is_blocked(
    organization: Organization, issued: Issued, alice: User
) -> None:
    rule(organization, lifetime=30 * DAY, withheld_scope="account:read")

    lifecycle.edit(actor=Actor(alice), token=issued.token, name="renamed", scope=issued.token.scopes)

    assert Token.objects.get().name == "renamed"


def test_an_idle_token_is_resumed_by_its_owner_and_counts_from_then(
    organization: Organization, issued: Issued, alice: User
) -> None:
    Token.objects.update(created_at=timezone.now() - 40 * DAY)
    rule(organization, idle_after=30 * DAY)

    lifecycle.resume(actor=Actor(alice), token=issued.token)

    assert outcome(call(issued)) == "let in"
    assert AuditEvent.objects.filter(action="token.resumed", actor=alice).count() == 1


def test_only_idleness_is_resumed(organization: Organization, issued: Issued, alice: User) -> None:
    rule(organization, lifetime=DAY, idle_after=DAY)

    with pytest.raises(ActRefused, match="not blocked for being idle"):
        lifecycle.resume(actor=Actor(alice), token=issued.token)


def test_a_rotation_carries_no_lifetime_over_that_the_policy_forbids(
    organization: Organization, issued: Issued, alice: User
) -> None:
    rule(organization, lifetime=30 * DAY)

    with pytest.raises(ActRefused, match="at most 30 days"):
        lifecycle.rotate(actor=Actor(alice), token=issued.token, overlap=timedelta(0))


# Approval.


@pytest.fixture
def pending(organization: Organization, alices_license: License) -> Issued:
    rule(organization, requires_approval=True)
    return issue(alices_license, scope="account:write tokens:read")


def test_a_pending_token_reads_whom_it_stands_for_and_nothing_else(pending: Issued) -> None:
    calls = [
        call(pending),
        call(pending, path="me", method="patch", name="Eve"),
        call(pending, path="tokens/self"),
        call(pending, path="me/"),
    ]

    assert [outcome(answer) for answer in calls] == ["let in", *["approval_pending"] * 3]


def test_an_approved_token_does_what_it_holds(pending: Issued, bob: User) -> None:
    lifecycle.approve(actor=Actor(bob), token=pending.token, seen=pending.token.reach)

    assert outcome(call(pending, path="tokens/self")) == "let in"
    assert AuditEvent.objects.get(action="token.approved").actor == bob


@pytest.mark.parametrize("who", ["alice", "mallory", "charlie"])
def test_nobody_but_an_administrator_approves(request: pytest.FixtureRequest, pending: Issued, who: str) -> None:
    with pytest.raises(ActRefused, match="Only an administrator"):
        lifecycle.approve(actor=Actor(request.getfixturevalue(who)), token=pending.token, seen=pending.token.reach)

    assert outcome(call(pending, path="tokens/self")) == "approval_pending"


def test_what_was_widened_since_it_was_read_is_not_approved(pending: Issued, alice: User, bob: User) -> None:
    seen = pending.token.reach
    scope = ["account:write", "tokens:write"]
    lifecycle.edit(actor=Actor(alice), token=pending.token, name=pending.token.name, scope=scope)

    with pytest.raises(ActRefused, match="changed since you looked"):
        lifecycle.approve(actor=Actor(bob), token=pending.token, seen=seen)

    assert outcome(call(pending, path="tokens/self")) == "approval_pending"


def test_what_an_administrator_makes_waits_for_nobody(organization: Organization, bob: User) -> None:
    rule(organization, requires_approval=True)

    assert outcome(call(issue(bob.licenses.get()), path="tokens/self")) == "let in"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "renamed"}, "let in"),
        ({"scope": ["account:read"]}, "let in"),
        ({"scope": ["account:write", "tokens:write"]}, "approval_pending"),
        ({"allowed_networks": [f"{HOME}/32"]}, "approval_pending"),
    ],
    ids=["renamed", "narrower", "wider", "other networks"],
)
def test_an_approved_token_waits_again_when_its_owner_changes_what_was_approved(
    pending: Issued, alice: User, bob: User, change: dict, expected: str
) -> None:
    token = lifecycle.approve(actor=Actor(bob), token=pending.token, seen=pending.token.reach)

    lifecycle.edit(actor=Actor(alice), token=token, **{"name": token.name, "scope": token.scopes} | change)

    assert outcome(call(pending, path="tokens/self")) == expected


def test_the_successor_of_a_pending_token_is_pending(pending: Issued, alice: User) -> None:
    successor = lifecycle.rotate(actor=Actor(alice), token=pending.token, overlap=timedelta(0))

    assert outcome(call(successor, path="tokens/self")) == "approval_pending"


def test_without_the_rule_nothing_is_pending(organization: Organization, pending: Issued) -> None:
    rule(organization, requires_approval=False)

    assert outcome(call(pending, path="tokens/self")) == "let in"


# Sign-out.


def made_in(client: Client, license: License, name: str) -> Token:
    form = {"name": name, "license": license.pk, "expiry": "30", "scope_account": "read"}
    client.post(reverse("token-new"), form)
    return Token.objects.get(name=name)


def test_signing_out_revokes_what_was_made_in_that_session_and_no_more(
    organization: Organization, alices_license: License, alice: User
) -> None:
    rule(organization, revokes_on_sign_out=True)
    elsewhere = LicenseFactory(user=alice)
    here, there = signed_in(alice), signed_in(alice)
    tokens = [
        made_in(here, alices_license, "here"),
        made_in(here, elsewhere, "here, of another organization"),
        made_in(there, alices_license, "in another session"),
    ]

    here.post(reverse("account_logout"))

    holds = [Token.objects.get(pk=token.pk).hold for token in tokens]
    assert holds == ["sign-out", "", ""]


# The change itself.


def test_a_change_is_recorded_with_old_and_new_values(organization: Organization, bob: User) -> None:
    for lifetime in (90, 30):
        lifecycle.change_policy(actor=Actor(bob), organization=organization, lifetime=lifetime * DAY)
    lifecycle.change_policy(actor=Actor(bob), organization=organization, lifetime=30 * DAY)

    events = AuditEvent.objects.filter(action="policy.changed", organization=organization).order_by("pk")
    assert [event.details["changes"] for event in events] == [{"lifetime": [None, 90]}, {"lifetime": [90, 30]}]
    assert {event.actor for event in events} == {bob}


def test_the_effect_is_counted_before_anything_is_saved(
    organization: Organization, alices_license: License, bob: User, mallory: User
) -> None:
    issue(alices_license, "long", expires_at=timezone.now() + 80 * DAY)
    issue(alices_license, "writes", "account:write", expires_at=timezone.now() + DAY)
    issue(bob.licenses.get(), "bobs", "account:write", expires_at=timezone.now() + DAY)
    issue(mallory.licenses.get(), "of another organization", expires_at=None)
    lifecycle.revoke(actor=SYSTEM, token=issue(alices_license, "revoked", expires_at=None).token)
    Token.objects.filter(name="writes").update(last_used_address="198.51.100.7")

    effect = lifecycle.effect_of(
        organization=organization,
        lifetime=30 * DAY,
        withheld_scope="account:write",
        allowed_networks=["203.0.113.0/24"],
    )

    assert (effect.blocked, effect.names, effect.freed) == (1, ["long"], 0)
    assert (effect.elsewhere, effect.narrowed) == (1, 1)
    assert not Policy.objects.exists()


def test_the_effect_counts_what_comes_back(organization: Organization, issued: Issued) -> None:
    rule(organization, lifetime=DAY)

    effect = lifecycle.effect_of(organization=organization, lifetime=90 * DAY)

    assert (effect.blocked, effect.freed) == (0, 1)
    assert Policy.objects.get().lifetime == DAY


def test_a_second_factor_is_asked_of_people_only(organization: Organization) -> None:
    robot = UserFactory(is_service_account=True)
    issued = issue(LicenseFactory(user=robot, organization=organization))

    rule(organization, requires_second_factor=True)

    assert outcome(call(issued)) == "let in"
