"""A named token on a free hook, and the same form sent twice."""

from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, License, User
from tests.factories import LicenseFactory, issue
from tests.tokens.scenes import DAY, fill, let_expire, state_of
from tokens import format, hashing, lifecycle
from tokens.lifecycle import ActRefused, AlreadyDone, Issued
from tokens.models import State, Token


def test_a_new_token_hangs_on_the_license_and_only_its_digest_is_stored(alices_license: License) -> None:
    expires_at = timezone.now() + 60 * DAY

    issued = issue(
        alices_license,
        name="nightly-export",
        scope="tokens:write account:read",
        expires_at=expires_at,
        allowed_networks=["192.0.2.0/24"],
        revoke_on_sign_out=True,
    )

    token = Token.objects.get()
    assert token == issued.token
    assert (token.owner, token.license, token.name) == (alices_license.user, alices_license, "nightly-export")
    assert (token.scope, token.expires_at) == ("account:read tokens:write", expires_at)
    assert (token.allowed_networks, token.revoke_on_sign_out) == (["192.0.2.0/24"], True)
    assert bytes(token.digest) == hashing.digest(issued.plaintext, token.pepper)
    assert (token.hint, token.sealed) == (format.hint(issued.plaintext), None)
    assert issued.plaintext not in str(Token.objects.values().get())


def test_a_token_may_be_issued_without_an_end(alices_license: License) -> None:
    assert issue(alices_license, expires_at=None).token.expires_at is None


def test_what_was_issued_shows_no_plaintext_in_its_repr(issued: Issued) -> None:
    assert issued.plaintext[8:-4] not in repr(issued)


@pytest.mark.parametrize(
    ("change", "fields", "reason", "field"),
    [
        (lambda license: License.objects.update(deactivated_at=timezone.now()), {}, "not in force", "license"),
        (lambda license: License.objects.update(valid_until=timezone.now()), {}, "not in force", "license"),
        (lambda license: User.objects.update(is_active=False), {}, "not in force", "license"),
        (fill, {}, "All 10 hooks of Studio are taken", "license"),
        (lambda license: issue(license, name="Nightly-Export"), {}, "already a token named nightly-export", "name"),
        (lambda license: None, {"scope": ""}, "at least one permission", "permissions"),
        (lambda license: None, {"scope": "account:read account:all"}, "no permission account:all", "permissions"),
        (lambda license: None, {"expires_at": timezone.now() - DAY}, "a date in the future", "expires_on"),
    ],
    ids=["license off", "license ended", "owner off", "full", "name taken", "no scope", "unknown scope", "past"],
)
def test_issuing_is_refused_for_a_reason_and_leaves_nothing(
    alices_license: License, change, fields: dict[str, object], reason: str, field: str
) -> None:
    change(alices_license)
    before = (Token.objects.count(), AuditEvent.objects.count())

    with pytest.raises(ActRefused, match=reason) as refusal:
        issue(alices_license, **fields)

    assert refusal.value.field == field
    assert (Token.objects.count(), AuditEvent.objects.count()) == before


@pytest.mark.parametrize("end", [lambda token: lifecycle.revoke(actor=SYSTEM, token=token), let_expire])
def test_name_and_hook_are_free_again_when_their_token_has_ended(alices_license: License, end) -> None:
    alices_license.allowance = 1
    alices_license.save()
    first = issue(alices_license).token
    with pytest.raises(ActRefused, match="All 1 hooks of Studio are taken"):
        issue(alices_license)

    end(first)

    assert issue(alices_license).token.name == first.name


def test_a_name_is_taken_on_one_license_only(alices_license: License, issued: Issued) -> None:
    other = LicenseFactory(user=alices_license.user)

    assert issue(other).token.name == issued.token.name


@pytest.mark.parametrize("act", ["issue", "regenerate"])
def test_the_same_form_sent_again_does_nothing_more_and_shows_no_text(alices_license: License, act: str) -> None:
    key, alice = uuid4(), alices_license.user

    def send() -> Issued:
        if act == "issue":
            return issue(alices_license, request_key=key)
        return lifecycle.regenerate(actor=Actor(alice), owner=alice, request_key=key)

    first = send()

    with pytest.raises(AlreadyDone) as done:
        send()

    assert done.value.token == first.token
    assert state_of(first.token) == State.ACTIVE
    assert (Token.objects.count(), AuditEvent.objects.count()) == (1, 1)


def test_a_form_of_somebody_else_tells_nothing_about_their_token(alices_license: License, charlie: User) -> None:
    key = uuid4()
    issue(alices_license, request_key=key)
    charlies_license = LicenseFactory(user=charlie)

    with pytest.raises(ActRefused, match="sent before") as refusal:
        issue(charlies_license, request_key=key)

    assert not isinstance(refusal.value, AlreadyDone)
