"""Download my data: everything that is kept about a person, and no secret."""

import base64
import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.db.models import Model
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import personal_data, seats
from accounts.actor import Actor
from accounts.models import AuditEvent, Invitation, License, Organization, User
from tests.accounts.factors import app_code, give_app, recovery_codes
from tests.accounts.test_recency import age_sign_in
from tests.conftest import signed_in
from tests.factories import PASSWORD, LicenseFactory, invite, issue
from tokens import lifecycle
from tokens.models import Notice, RefusalDay, Token, TokenAddress, TokenDay, TokenNetwork
from tokens.personal_data import TOKEN

# Every table with rows of a person, of their licenses or of their tokens: under which name it goes out, or why not.
TABLES = {
    "account.EmailAddress.user": "email_addresses",
    "accounts.AuditEvent.actor": "audit_events",
    "accounts.AuditEvent.subject": "audit_events",
    "accounts.Invitation.invited_by": "invitations_sent",
    "accounts.Invitation.license": "invitations_received",
    "accounts.License.user": "licenses",
    "mfa.Authenticator.user": "second_factors",
    "tokens.Notice.token": "token_letters",
    "tokens.RefusalDay.token": "token_refusals_by_day",
    "tokens.Token.license": "tokens",
    "tokens.Token.owner": "tokens",
    "tokens.Token.predecessor": "tokens",
    "tokens.TokenAddress.token": "token_addresses",
    "tokens.TokenDay.token": "token_calls_by_day",
    "tokens.TokenNetwork.token": "token_networks",
    "usersessions.UserSession.user": "sessions",
    "accounts.LicenseWord.license": "left out: words of what goes out",
    "accounts.PersonWord.license": "left out: words of what goes out",
    "tokens.TokenWord.token": "left out: words of what goes out",
    "accounts.User_groups.user": "left out: nobody is put into groups",
    "accounts.User_user_permissions.user": "left out: nobody is given single permissions",
    "admin.LogEntry.user": "left out: Django's own note of acts that the audit log tells",
    "tokens.Policy.changed_by": "left out: the organization's; the log tells who changed what",
    "tokens.Token.revoked_by": "left out: tokens of others; the log tells who stopped them",
}
COLUMNS_LEFT_OUT: dict[type[Model], dict[str, str]] = {
    User: {"password": "a hash", "is_service_account": "nobody signs in with one", "closed_at": "nobody signs in then"},
    License: {"user": "the person"},
    Invitation: {"id": "tells nothing", "digest": "of a secret", "invited_by": "of others", "license": "there already"},
    Token: {
        "digest": "of the secret",
        "pepper": "how it was made",
        "sealed": "the secret",
        "session_mark": "names a session",
        "request_key": "names a form",
        "request_fingerprint": "names a form",
        "counted_as": "of the limits",
        "last_written_at": "of the ledger",
        "revoked_by": "in words, stopped_by",
        "owner": "the person",
        "organization": "the license's",
        "hold": "in words, stopped_by",
        "scope": "as a list, scopes",
    },
}
COLUMNS: dict[type[Model], set[str]] = {
    User: set(personal_data.PROFILE),
    License: set(personal_data.LICENSE),
    Invitation: set(personal_data.INVITATION),
    Token: {*TOKEN, "id", "license"},
}


def download(client: Client) -> HttpResponseBase:
    return client.post(reverse("data-download"))


def text_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def data_of(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text_of(download(client)))
    return found


def browser_with_code(person: User) -> Client:
    client = Client()
    client.post("/account/login/", {"login": person.email, "password": PASSWORD})
    client.post("/account/2fa/authenticate/", {"code": app_code(person)})
    return client


@pytest.fixture
def full(alices_license: License, bob: User, mallory: User) -> User:
    """Alice with rows in every table."""
    alice = alices_license.user
    token = lifecycle.revoke(actor=Actor(bob, "198.51.100.9", "bobs browser"), token=issue(alices_license).token)
    now = timezone.now()
    TokenDay.objects.create(token=token, day=now.date(), calls=7)
    RefusalDay.objects.create(token=token, day=now.date(), code="token_expired", calls=2, last_at=now)
    TokenAddress.objects.create(token=token, address="192.0.2.7", last_at=now)
    TokenNetwork.objects.create(token=token, network="192.0.2.0/24", first_at=now)
    Notice.objects.create(token=token, days=7, sent_at=now)
    invite(mallory.licenses.get().organization, mallory, email=alice.email)
    License.objects.filter(pk=alices_license.pk).update(role="administrator")
    invite(alices_license.organization, alice)
    give_app(alice)
    return User.objects.get(pk=alice.pk)


def test_every_table_about_a_person_goes_out_or_is_left_out_for_a_reason(full: User) -> None:
    relations = {
        f"{relation.related_model._meta.label}.{relation.field.name}"
        for model in (User, License, Token)
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete and not relation.many_to_many
    }

    data = data_of(browser_with_code(full))

    assert relations == set(TABLES)
    sections = {place for place in TABLES.values() if not place.startswith("left out")}
    assert {"made_at", "profile"} | sections == set(data)
    assert [name for name in sections if not data[name]] == []


@pytest.mark.parametrize("model", COLUMNS)
def test_every_column_goes_out_or_is_left_out_for_a_reason(model: type[Model]) -> None:
    columns = {field.name for field in model._meta.concrete_fields}

    told = {column.removesuffix("__name").removesuffix("_id") for column in COLUMNS[model]}

    assert told.isdisjoint(COLUMNS_LEFT_OUT[model])
    assert told | set(COLUMNS_LEFT_OUT[model]) == columns


def test_no_secret_is_in_it(full: User) -> None:
    license = full.licenses.get()
    made = [issue(license, "second"), lifecycle.regenerate(actor=Actor(full), owner=full)]
    secrets = [f"{issued.plaintext}" for issued in made]
    browser = browser_with_code(full)
    secrets += [full.password, str(browser.session.session_key), *recovery_codes(full)]
    for factor in Authenticator.objects.filter(user=full):
        sealed = [said for name, said in factor.data.items() if name in {"secret", "seed"}]
        secrets += [text for said in sealed for text in (said, decrypt(said))]
    digests = [bytes(token.digest) for token in Token.objects.all()]
    digests += [bytes(invitation.digest) for invitation in Invitation.objects.all()]
    secrets += [form for digest in digests for form in (digest.hex(), base64.b64encode(digest).decode())]

    text = text_of(download(browser))

    assert len(secrets) > 12
    assert all(len(secret) >= 8 for secret in secrets)
    assert [secret for secret in secrets if secret in text] == []


def test_it_is_a_file_that_no_cache_keeps(alice: User) -> None:
    answer = download(signed_in(alice))

    assert answer["Content-Disposition"] == f'attachment; filename="tokenrack-data-{timezone.now():%Y-%m-%d}.json"'
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]


def test_it_tells_who_stopped_a_token_but_not_where_they_sat(full: User) -> None:
    data = data_of(browser_with_code(full))

    (stop,) = (event for event in data["audit_events"] if event["action"] == "token.revoked")
    assert data["tokens"][0]["stopped_by"] == "Bob Reyes, an administrator"
    assert (stop["actor"], stop["address"], stop["user_agent"]) == ("Bob Reyes", None, "")


def test_it_holds_nothing_of_others(full: User, bob: User) -> None:
    issue(LicenseFactory(user=bob), "bobs-own")
    seats.edit_license(bob.licenses.first(), actor=Actor(None), name="Bobs license")  # type: ignore[arg-type]

    text = text_of(download(browser_with_code(full)))

    assert "bobs-own" not in text
    assert "Bobs license" not in text


def test_an_event_in_two_chains_is_told_once_and_the_download_is_the_last(alice: User) -> None:
    LicenseFactory(user=alice)
    browser = signed_in(alice)

    data = data_of(browser)

    assert AuditEvent.objects.filter(action="account.signed_in").count() == 2
    assert [event["action"] for event in data["audit_events"]] == ["account.signed_in", "account.data_downloaded"]


def test_looking_writes_nothing_and_leads_to_the_section(alice: User) -> None:
    browser = signed_in(alice)
    before = AuditEvent.objects.count()

    answer = browser.get(reverse("data-download"))

    assert answer.headers["Location"] == "/security/#your-data"
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("page", ["data-download", "account-close"])
def test_both_ask_for_a_recent_sign_in(alice: User, page: str) -> None:
    browser = signed_in(alice)
    age_sign_in(browser, 3600)

    answer = browser.post(reverse(page), {"confirmation": alice.email})

    assert answer.headers["Location"].startswith("/account/reauthenticate/")
    assert User.objects.get(pk=alice.pk).is_active
    assert not AuditEvent.objects.filter(action="account.data_downloaded").exists()


def test_it_takes_as_many_queries_for_many_tokens(alices_license: License, django_assert_max_num_queries) -> None:
    browser = signed_in(alices_license.user)
    for number in range(6):
        token = issue(alices_license, f"token-{number}").token
        lifecycle.revoke(actor=Actor(alices_license.user), token=token)

    with django_assert_max_num_queries(32):
        data = data_of(browser)

    assert len(data["tokens"]) == 6


def test_the_organization_of_a_license_is_named(alices_license: License, organization: Organization) -> None:
    data = data_of(signed_in(alices_license.user))

    assert data["licenses"][0]["organization"] == organization.name
