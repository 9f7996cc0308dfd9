"""An operator issues a token for somebody; its text is shown to a terminal or on demand."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError

from accounts.models import AuditEvent, License, Organization, User
from tests.factories import LicenseFactory, issue, service_account
from tests.tokens.commands.terminal import said
from tokens import format
from tokens.authentication import recognise
from tokens.models import Token

ALICE = ("alice@example.org", "--name", "ci", "--scope", "account:read")


def run(*arguments: str, **options: Any) -> str:
    return said("issuetoken", *arguments, **options)


def test_the_text_alone_goes_to_standard_output(alices_license: License) -> None:
    facts = io.StringIO()

    text = run(*ALICE, "tokens:write", "--print", stderr=facts).strip()

    token = recognise(text)
    assert (token.license, token.name, token.scope) == (alices_license, "ci", "account:read tokens:write")
    assert "ci of Alice Holm on Studio ST-20417, active, expires " in facts.getvalue()
    assert text not in facts.getvalue()
    event = AuditEvent.objects.get(action="token.created")
    assert (event.actor, event.subject) == (None, alices_license.user)


def test_a_terminal_sees_it_without_being_asked_and_nobody_else_does(alice: User) -> None:
    with pytest.raises(CommandError, match="say --print"):
        run(*ALICE)
    assert not Token.objects.exists()

    assert format.is_well_formed(run(*ALICE, terminal=True).strip(), "trk_")


def test_a_program_reads_one_object(alice: User) -> None:
    found = json.loads(run(*ALICE, "--print", "--json", "--expires", "never"))

    assert recognise(found["plaintext"]).pk == found["id"]
    assert (found["owner"], found["license"], found["organization"]) == (alice.email, "ST-20417", "meridian")
    assert (found["scopes"], found["expires_at"], found["state"]) == (["account:read"], None, "active")


def test_the_last_day_is_one_by_the_clock_of_its_owner(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(time_zone="Pacific/Auckland")
    with time_machine.travel(datetime(2026, 6, 1, 12, tzinfo=UTC), tick=False):
        run(*ALICE, "--print", "--expires", "2026-06-30")

    assert Token.objects.get().expires_at == datetime(2026, 6, 30, 11, 59, 59, tzinfo=UTC)


def test_a_service_account_is_named_by_its_license(organization: Organization) -> None:
    license = service_account(organization)

    run("--license", license.number, "--name", "backup", "--scope", "account:read", "--print")

    assert Token.objects.get().owner == license.user


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nobody@example.org", *ALICE[1:]), "Nobody has the address"),
        (ALICE[1:], "Say whose token it is"),
        ((*ALICE, "--license", "ST-0"), "There is no license 'ST-0'"),
        ((*ALICE, "--license", "ST-20418"), "is no license of alice@example.org"),
        ((*ALICE, "moon:read"), "there is no permission 'moon:read'"),
        ((*ALICE, "--expires", "tomorrow"), "neither a number of days"),
        ((*ALICE, "--expires", "99999d"), "neither a number of days"),
        ((*ALICE, "--expires", "2020-01-01"), "This day has passed"),
        (("alice@example.org", "--name", "a\x00b", *ALICE[3:]), "visible characters"),
        (("alice@example.org", "--name", "x" * 61, *ALICE[3:]), "a name has 1 to 60 characters"),
        (("alice@example.org", "--name", "Taken", *ALICE[3:]), "already a token named Taken"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    alices_license: License, bob: User, arguments: tuple[str, ...], reason: str
) -> None:
    issue(alices_license, name="taken")

    with pytest.raises(CommandError, match=reason):
        run(*arguments, "--print")

    assert Token.objects.count() == 1


def test_who_has_several_licenses_is_asked_which(alice: User) -> None:
    LicenseFactory(user=alice, individual=True, number="IN-7")

    with pytest.raises(CommandError, match=r"IN-7, ST-20417"):
        run(*ALICE, "--print")
    run(*ALICE, "--print", "--license", "IN-7")

    assert Token.objects.get().organization is None
