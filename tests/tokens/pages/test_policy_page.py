"""The Policy page: what a change does is shown first, and saved by the same form, sent again."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import License, Organization, User
from tests.conftest import signed_in
from tests.factories import issue
from tests.tokens.scenes import DAY
from tokens import lifecycle
from tokens.models import Policy, State, Token

RESOURCES = ("account", "tokens", "organization", "introspect")
EVERYTHING = {f"grant_{resource}": "write" for resource in RESOURCES} | {"idle_days": "0"}


@pytest.fixture
def client(bob: User) -> Client:
    return signed_in(bob)


def save(client: Client, **rules: str):
    return client.post(reverse("organization-policy-save", args=["meridian"]), EVERYTHING | rules)


def shown(answer) -> str:
    return re.search(r'name="previewed" value="(\w*)"', answer.content.decode())[1]


def test_a_change_that_no_token_feels_is_saved_at_once(client: Client, organization: Organization) -> None:
    answer = save(client, lifetime_days="90", requires_expiry="on", ranges="192.0.2.7/24", grant_tokens="read")

    assert answer.status_code == 302
    policy = Policy.objects.get(organization=organization)
    assert (policy.lifetime, policy.requires_expiry, policy.allowed_networks) == (90 * DAY, True, ["192.0.2.0/24"])
    assert policy.withheld_scope == "tokens:write"


def test_what_tokens_would_feel_is_shown_before_it_is_saved(client: Client, alices_license: License) -> None:
    issue(alices_license, "nightly-export")

    asked = save(client, lifetime_days="30")
    saved_yet = Policy.objects.exists()
    done = save(client, lifetime_days="30", previewed=shown(asked))

    assert "1 working token would be blocked" in asked.content.decode()
    assert "nightly-export" in asked.content.decode()
    assert not saved_yet
    assert done.status_code == 302
    assert Token.objects.with_surroundings().get().state(timezone.now()) == State.BLOCKED


def test_a_preview_holds_for_no_other_rules_and_no_other_effect(client: Client, alices_license: License) -> None:
    issue(alices_license, "first")
    seen = shown(save(client, lifetime_days="30"))

    stricter = save(client, lifetime_days="20", previewed=seen)
    issue(alices_license, "second")
    grown = save(client, lifetime_days="30", previewed=seen)

    assert (stricter.status_code, grown.status_code) == (200, 200)
    assert "2 working tokens would be blocked" in grown.content.decode()
    assert not Policy.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("lifetime_days", "-1", "A number of days from 0 to 3650."),
        ("lifetime_days", "4000", "A number of days from 0 to 3650."),
        ("idle_days", "x", "A number of days from 0 to 365."),
        ("ranges", "192.0.2.0/33", "Line 1"),
        ("requires_second_factor", "on", "Set up two-factor for yourself first"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_what_was_typed_stays(
    client: Client, field: str, typed: str, told: str
) -> None:
    answer = save(client, **{"requires_expiry": "on", field: typed})

    page = answer.content.decode()
    assert told in page
    assert typed in page
    assert re.search(r'name="requires_expiry"[^>]* checked', page)
    assert not Policy.objects.exists()


@pytest.mark.parametrize("level", ["everything", ""])
def test_a_permission_without_a_level_is_not_taken_for_all_of_it(client: Client, level: str) -> None:
    answer = save(client, grant_account=level)

    assert answer.context["form"].errors.keys() == {"grant_account"}
    assert not Policy.objects.exists()


def test_two_factor_can_be_asked_by_who_has_it(client: Client, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(second_factor_at=timezone.now())

    assert save(client, requires_second_factor="on").status_code == 302
    assert "0 of 1 have none" in client.get(reverse("organization-policy", args=["meridian"])).content.decode()


def test_the_page_shows_what_is_saved(client: Client, organization: Organization) -> None:
    save(client, lifetime_days="45", requires_approval="on", grant_account="none", ranges="203.0.113.0/24")

    page = client.get(reverse("organization-policy", args=["meridian"])).content.decode()

    assert re.search(r'name="lifetime_days" value="45"', page)
    assert re.search(r'name="requires_approval"[^>]* checked', page)
    assert "203.0.113.0/24" in page
    assert re.search(r'<option value="none" selected>', page)
    assert "Last changed" in page


def test_a_pending_token_is_approved_on_its_page(client: Client, alices_license: License) -> None:
    lifecycle.change_policy(actor=SYSTEM, organization=alices_license.organization, requires_approval=True)
    token = issue(alices_license).token

    before = client.get(reverse("organization-token", args=["meridian", token.pk])).content.decode()
    client.post(reverse("organization-token-approve", args=["meridian", token.pk]), {"seen": token.reach})

    assert "Waiting for approval" in before
    assert not Token.objects.get().awaits_approval


def test_an_owner_resumes_an_idle_token_on_its_page(alice: User, alices_license: License) -> None:
    token = issue(alices_license).token
    Token.objects.update(created_at=timezone.now() - 9 * DAY)
    Policy.objects.create(organization=alices_license.organization, idle_after=7 * DAY)
    client = signed_in(alice)

    page = client.get(reverse("token-detail", args=[token.pk])).content.decode()
    client.post(reverse("token-resume", args=[token.pk]))

    assert "it was not used in 7 days" in page
    assert Token.objects.with_surroundings().get().state(timezone.now()) == State.ACTIVE


def test_the_form_of_a_new_token_says_what_the_policy_asks(alice: User, organization: Organization) -> None:
    Policy.objects.create(organization=organization, lifetime=30 * DAY, requires_approval=True)

    page = signed_in(alice).get(reverse("token-new")).content.decode()

    assert "At most 30 days." in page
    assert "An administrator approves it." in page
    assert re.search(r'name="expiry" value="30"[^>]* checked', page)
