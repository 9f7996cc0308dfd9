"""Authenticator app and recovery codes: asked for at sign-in, each code once, encrypted, and what depends on them."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, TOTP
from allauth.mfa.utils import decrypt, encrypt
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import seats
from accounts.actor import SYSTEM
from accounts.models import AuditEvent, License, User
from accounts.session_store import content_of, row_key
from config.environment import derived_key
from tests.accounts.factors import after_password, app_code, code_of, give_app, is_signed_in, recovery_codes
from tests.conftest import signed_in
from tests.factories import PASSWORD, issue
from tokens.models import Policy

AUTHENTICATE, CONFIRM = "/account/2fa/authenticate/", "/account/2fa/reauthenticate/"
APP, REMOVE_APP = "/account/2fa/app/", "/account/2fa/app/remove/"
CODES, MAKE_CODES = "/account/2fa/recovery-codes/", "/account/2fa/recovery-codes/make/"

Commits = Callable[..., Any]


def actions(person: User) -> list[str]:
    return list(AuditEvent.objects.filter(subject=person).order_by("pk").values_list("action", flat=True))


def secret_on(page: Any) -> str:
    return re.search(r'<code id="key">([A-Z2-7 ]+)</code>', page.content.decode())[1].replace(" ", "")  # type: ignore[index]


# Setting up


def test_an_app_is_set_up_with_its_first_code(alice: User, django_capture_on_commit_callbacks: Commits) -> None:
    browser = signed_in(alice)
    secret = secret_on(browser.get(APP))

    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(APP, {"code": code_of(secret)})

    alice.refresh_from_db()
    assert answer.headers["Location"] == CODES
    assert alice.second_factor_at
    assert actions(alice)[-2:] == ["account.second_factor_added", "account.recovery_codes_made"]
    assert "authenticator app was set up" in mail.outbox[-1].subject
    assert "If it was not you" in mail.outbox[-1].body


def test_a_wrong_code_sets_nothing_up_and_keeps_the_secret(alice: User) -> None:
    browser = signed_in(alice)
    secret = secret_on(browser.get(APP))

    answer = browser.post(APP, {"code": "000000" if code_of(secret) != "000000" else "111111"})

    alice.refresh_from_db()
    assert secret_on(answer) == secret
    assert alice.second_factor_at is None


def test_the_code_that_set_the_app_up_does_not_sign_in(alice: User) -> None:
    browser = signed_in(alice)
    code = code_of(secret_on(browser.get(APP)))
    browser.post(APP, {"code": code})

    stranger = after_password(alice)
    stranger.post(AUTHENTICATE, {"code": code})

    assert not is_signed_in(stranger)


def test_the_page_draws_the_code_itself_and_asks_for_no_data_address(alice: User) -> None:
    page = signed_in(alice).get(APP).content.decode()

    assert '<svg class="qr"' in page
    assert "data:image" not in page


def test_recovery_codes_are_shown_once(alice: User) -> None:
    browser = signed_in(alice)
    browser.post(APP, {"code": code_of(secret_on(browser.get(APP)))})
    first, last = recovery_codes(alice)[0], recovery_codes(alice)[-1]

    shown, again = browser.get(CODES).content.decode(), browser.get(CODES).content.decode()

    assert f"{first[:4]} {first[4:]}" in shown
    assert f"{last[:4]} {last[4:]}" in shown
    assert f"{first[:4]} {first[4:]}" not in again
    assert "10 of 10 left" in again


# Signing in


@pytest.mark.parametrize("way", ["app", "recovery code"])
def test_the_second_factor_signs_in_with_a_new_session_id(alice: User, way: str) -> None:
    give_app(alice)
    browser = after_password(alice)
    before = browser.session.session_key
    assert not is_signed_in(browser)

    browser.post(AUTHENTICATE, {"code": app_code(alice) if way == "app" else recovery_codes(alice)[0]})

    assert is_signed_in(browser)
    assert browser.session.session_key != before


@pytest.mark.parametrize("code", ["", "000000", "abc", "12345\x0067", "１２３４５６", "9" * 50])
def test_a_wrong_code_does_not_sign_in(alice: User, code: str) -> None:
    give_app(alice)
    browser = after_password(alice)

    answer = browser.post(AUTHENTICATE, {"code": code})

    assert answer.status_code == 200
    assert not is_signed_in(browser)


@pytest.mark.parametrize("form", [{}, {"credential": "null"}, {"credential": "[]"}, {"credential": "[" * 9000}])
@pytest.mark.parametrize("address", [AUTHENTICATE, "/account/2fa/passkeys/sign-in/"])
def test_a_made_up_credential_does_not_sign_in(alice: User, address: str, form: dict[str, str]) -> None:
    give_app(alice)
    browser = after_password(alice)

    answer = browser.post(address, form)

    assert answer.status_code in {200, 302}
    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    "response", [{}, {"userHandle": 7}, {"userHandle": "Zm9v"}, {"userHandle": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"}]
)
def test_a_credential_of_nobody_is_refused(alice: User, client: Client, response: dict[str, Any]) -> None:
    client.get("/account/2fa/passkeys/sign-in/", headers={"Accept": "application/json"})
    part = "AAAA"
    answered = {"clientDataJSON": part, "authenticatorData": part, "signature": part, **response}
    credential = {"id": part, "rawId": part, "type": "public-key", "response": answered}

    answer = client.post("/account/2fa/passkeys/sign-in/", {"credential": json.dumps(credential)})

    assert answer.headers["Location"] == "/account/login/"
    assert not is_signed_in(client)


@pytest.mark.parametrize("way", ["app", "recovery code"])
def test_a_code_works_once(alice: User, way: str) -> None:
    give_app(alice)
    code = app_code(alice) if way == "app" else recovery_codes(alice)[0]
    after_password(alice).post(AUTHENTICATE, {"code": code})

    thief = after_password(alice)
    thief.post(AUTHENTICATE, {"code": code})

    assert not is_signed_in(thief)


def test_an_earlier_code_than_the_last_one_does_not_work(alice: User) -> None:
    give_app(alice)
    earlier = app_code(alice)
    after_password(alice).post(AUTHENTICATE, {"code": app_code(alice, steps_ahead=1)})

    thief = after_password(alice)
    thief.post(AUTHENTICATE, {"code": earlier})

    assert not is_signed_in(thief)


def test_guesses_are_limited_and_the_right_code_comes_too_late(alice: User) -> None:
    give_app(alice)
    guesser = after_password(alice)
    for number in range(10):
        guesser.post(AUTHENTICATE, {"code": f"00000{number}"})

    answer = guesser.post(AUTHENTICATE, {"code": app_code(alice)})

    assert "Too many tries" in answer.content.decode()
    assert not is_signed_in(guesser)
    assert actions(alice).count("account.second_factor_refused") == 10


def test_a_used_recovery_code_is_counted_told_and_recorded(
    alice: User, django_capture_on_commit_callbacks: Commits
) -> None:
    give_app(alice)
    browser = after_password(alice)

    with django_capture_on_commit_callbacks(execute=True):
        browser.post(AUTHENTICATE, {"code": recovery_codes(alice)[3]})

    assert AuditEvent.objects.get(action="account.recovery_code_used").details == {"left": 9}
    assert "9 of 10 are left" in mail.outbox[-1].body
    assert "9 of 10 left" in browser.get("/security/").content.decode()


def test_who_is_switched_off_is_not_asked_for_a_second_factor(alice: User) -> None:
    give_app(alice)
    browser = after_password(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    browser.post(AUTHENTICATE, {"code": app_code(alice)})

    assert not is_signed_in(browser)


def test_djangos_admin_asks_for_the_second_factor_too(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    give_app(alice)
    browser = after_password(alice)

    assert browser.get("/django-admin/").status_code == 302
    browser.post(AUTHENTICATE, {"code": app_code(alice)})
    assert browser.get("/django-admin/").status_code == 200
    assert "authenticator" not in browser.get("/django-admin/").content.decode().lower()
    assert browser.get("/django-admin/mfa/authenticator/").status_code == 404


def test_the_address_can_be_changed_with_a_second_factor(alice: User) -> None:
    give_app(alice)
    browser = after_password(alice)
    browser.post(AUTHENTICATE, {"code": app_code(alice)})

    browser.post("/account/email/", {"email": "new@example.org", "action_add": ""})

    assert alice.emailaddress_set.filter(email="new@example.org").exists()


def test_the_page_that_was_asked_for_comes_after_the_second_factor(alice: User, client: Client) -> None:
    give_app(alice)
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD, "next": "/tokens/new/"})

    answer = client.post(AUTHENTICATE, {"code": app_code(alice)})

    assert answer.headers["Location"] == "/tokens/new/"


def test_the_password_alone_opens_no_page(alice: User) -> None:
    give_app(alice)
    browser = after_password(alice)

    for page in ("/", "/security/", "/tokens/new/", CODES, REMOVE_APP, CONFIRM, "/account/reauthenticate/"):
        assert browser.get(page).headers["Location"].startswith("/account/login/")


# What is kept


def test_no_secret_stands_in_the_database(alice: User) -> None:
    """Neither in the row nor, while the app is being set up, in the session."""
    browser = signed_in(alice)
    secret = secret_on(browser.get(APP))
    waiting = content_of(Session.objects.get(pk=row_key(browser.session.session_key)))
    browser.post(APP, {"code": code_of(secret)})

    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        rows = str(cursor.fetchall())

    assert len(secret) == 32
    assert secret not in str(waiting)
    assert secret not in rows
    assert decrypt(waiting[SECRET_SESSION_KEY]) == secret
    for factor in Authenticator.objects.filter(user=alice):
        kept = factor.data.get("secret") or factor.data["seed"]
        assert decrypt(kept) not in rows


def test_what_was_encrypted_before_there_were_keys_stays_readable(settings: Any) -> None:
    alone = derived_key(settings.SECRET_KEY, "second factor")
    with_key = settings.MFA_KEYS
    settings.MFA_KEYS = [alone]
    kept = encrypt("seed")

    settings.MFA_KEYS = with_key

    assert with_key[-1] == alone
    assert with_key[0] != alone
    assert decrypt(kept) == "seed"


def test_without_the_key_no_code_works(alice: User, settings: Any) -> None:
    give_app(alice)
    code = app_code(alice)
    settings.MFA_KEYS = [derived_key("another", "second factor")]
    browser = after_password(alice)

    answer = browser.post(AUTHENTICATE, {"code": code})

    assert answer.status_code == 200
    assert not is_signed_in(browser)


def test_a_factor_and_its_facts_are_written_together_or_not_at_all(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(alice)
    browser.raise_request_exception = False
    code = code_of(secret_on(browser.get(APP)))
    monkeypatch.setattr(AuditEvent, "save", lambda *args, **kwargs: 1 / 0)

    answer = browser.post(APP, {"code": code})

    alice.refresh_from_db()
    assert answer.status_code == 500
    assert alice.second_factor_at is None
    assert not Authenticator.objects.exists()


# Removing


@pytest.fixture
def asking(alices_license: License) -> Policy:
    """Alice had a token before her organization asked for two-factor."""
    issue(alices_license)
    return Policy.objects.create(organization=alices_license.organization, requires_second_factor=True)


def test_removing_the_last_factor_says_what_is_blocked_then(alices_license: License, asking: Policy) -> None:
    alice = alices_license.user
    give_app(alice)
    browser = after_password(alice)
    browser.post(AUTHENTICATE, {"code": app_code(alice)})

    page = browser.get(REMOVE_APP).content.decode()
    assert "Meridian Cartography asks for two-factor: 1 of your tokens stops working" in page
    browser.post(REMOVE_APP)

    alice.refresh_from_db()
    assert alice.second_factor_at is None
    assert not Authenticator.objects.filter(user=alice).exists()
    assert actions(alice)[-1] == "account.second_factor_removed"


def test_a_removal_that_cannot_be_recorded_does_not_happen(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    give_app(alice)
    browser = after_password(alice)
    browser.post(AUTHENTICATE, {"code": app_code(alice)})
    browser.raise_request_exception = False
    monkeypatch.setattr(AuditEvent, "save", lambda *args, **kwargs: 1 / 0)

    answer = browser.post(REMOVE_APP)

    alice.refresh_from_db()
    assert answer.status_code == 500
    assert alice.second_factor_at
    assert Authenticator.objects.filter(user=alice).count() == 2


def test_recovery_codes_alone_are_no_second_factor(alice: User) -> None:
    factor = give_app(alice)

    factor.delete()

    alice.refresh_from_db()
    assert Authenticator.objects.filter(user=alice).count() == 1
    assert alice.second_factor_at is None


def test_one_of_two_factors_may_go(alice: User) -> None:
    factor = give_app(alice)
    since = alice.second_factor_at
    Authenticator.objects.create(user=alice, type="webauthn", data={"name": "Blue key", "credential": {}})

    factor.delete()

    alice.refresh_from_db()
    assert alice.second_factor_at == since


def test_new_codes_replace_the_old_ones(alice: User, django_capture_on_commit_callbacks: Commits) -> None:
    give_app(alice)
    old = recovery_codes(alice)
    browser = after_password(alice)
    browser.post(AUTHENTICATE, {"code": app_code(alice)})

    with django_capture_on_commit_callbacks(execute=True):
        browser.post(MAKE_CODES)

    assert not set(old) & set(recovery_codes(alice))
    assert "recovery codes were made" in mail.outbox[-1].subject


def test_without_a_factor_there_are_no_codes_to_make(alice: User) -> None:
    browser = signed_in(alice)

    answer = browser.post(MAKE_CODES)

    assert "set up an app or a passkey first" in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_the_list_of_passkeys_asks_the_database_once(alice: User, django_assert_num_queries: Any) -> None:
    browser = signed_in(alice)
    with CaptureQueriesContext(connection) as without:
        browser.get("/security/")
    for name in ("Work laptop", "Blue key", "Phone"):
        Authenticator.objects.create(user=alice, type="webauthn", data={"name": name, "credential": {}})

    with django_assert_num_queries(len(without) - 1):  # who has a second factor is not asked whether one is wanted
        page = browser.get("/security/").content.decode()

    assert page.index("Work laptop") < page.index("Blue key") < page.index("Phone")


@pytest.mark.parametrize("name", ["", "x" * 61, "\u202eyekeulb", "blue\x00key"])
def test_a_name_that_nobody_could_read_is_refused(alice: User, name: str) -> None:
    give_app(alice)
    passkey = Authenticator.objects.create(user=alice, type="webauthn", data={"name": "Blue key", "credential": {}})
    browser = after_password(alice)
    browser.post(AUTHENTICATE, {"code": app_code(alice)})

    answer = browser.post(f"/account/2fa/passkeys/{passkey.pk}/rename/", {"name": name})

    passkey.refresh_from_db()
    assert answer.status_code == 200
    assert passkey.data["name"] == "Blue key"


def test_a_passkey_of_somebody_else_is_not_there(alice: User, mallory: User) -> None:
    passkey = Authenticator.objects.create(user=alice, type="webauthn", data={"name": "Blue key", "credential": {}})
    browser = signed_in(mallory)

    for act in ("rename", "remove"):
        address = f"/account/2fa/passkeys/{passkey.pk}/{act}/"
        assert (browser.get(address).status_code, browser.post(address, {"name": "mine"}).status_code) == (404, 404)

    passkey.refresh_from_db()
    assert passkey.data["name"] == "Blue key"


# What an organization asks


@pytest.mark.parametrize("page", ["/", "/security/", "/tokens/"])
def test_a_member_is_told_until_it_is_set_up(alices_license: License, asking: Policy, page: str) -> None:
    alice = alices_license.user
    browser = signed_in(alice)

    before = browser.get(page).content.decode()
    TOTP.activate(alice, "A" * 32)
    after = browser.get(page).content.decode()

    assert "<b>Meridian Cartography asks for two-factor.</b> 1 of your tokens is blocked" in before
    assert "asks for two-factor" not in after


def test_the_page_of_the_codes_says_that_the_tokens_are_not_kept_back(alices_license: License, asking: Policy) -> None:
    browser = signed_in(alices_license.user)
    browser.post(APP, {"code": code_of(secret_on(browser.get(APP)))})

    page = browser.get(CODES).content.decode()

    assert "It keeps none of your 1 token there back any more." in page


def test_who_is_in_no_such_organization_is_told_nothing(charlie: User, asking: Policy) -> None:
    assert "asks for two-factor" not in signed_in(charlie).get("/").content.decode()


# The operator's way out


def test_the_operator_takes_everything_away(alice: User, django_capture_on_commit_callbacks: Commits) -> None:
    give_app(alice)
    browser = after_password(alice)
    browser.post(AUTHENTICATE, {"code": app_code(alice)})

    with django_capture_on_commit_callbacks(execute=True):
        call_command("resetsecondfactor", "Alice@example.org", "--yes", stdout=io.StringIO())

    alice.refresh_from_db()
    assert not Authenticator.objects.exists()
    assert alice.second_factor_at is None
    assert browser.get("/").status_code == 302
    assert actions(alice)[-1] == "account.second_factor_reset"
    assert mail.outbox[-1].to == [alice.email]
    assert Client().post("/account/login/", {"login": alice.email, "password": PASSWORD}).headers["Location"] == "/"


def test_the_operator_is_asked_and_may_think_again(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    give_app(alice)
    monkeypatch.setattr("builtins.input", lambda question: "no")

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("resetsecondfactor", alice.email)

    assert Authenticator.objects.exists()


def test_the_operator_hears_that_nobody_has_the_address(db: None) -> None:
    with pytest.raises(CommandError, match="Nobody has the address"):
        call_command("resetsecondfactor", "nobody@example.org", "--yes")


@pytest.mark.parametrize("act", ["new password", "off and on"])
def test_a_half_finished_sign_in_ends_with_what_ends_sessions(alice: User, act: str) -> None:
    give_app(alice)
    thief = after_password(alice)
    if act == "new password":
        alice.set_password("quite another secret")
        alice.save()
    else:
        seats.deactivate_user(alice, actor=SYSTEM)
        seats.reactivate_user(alice, actor=SYSTEM)

    thief.post(AUTHENTICATE, {"code": app_code(alice)})

    assert not is_signed_in(thief)
