"""An operator revokes what meets every criterion, after a question."""

import io
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, License, User
from tests.factories import issue, take_over
from tests.tokens.commands.terminal import Terminal, said
from tokens import lifecycle
from tokens.lifecycle import Issued
from tokens.models import Token

DAY = timedelta(days=1)


def run(*arguments: object) -> str:
    return said("revoketokens", *arguments)


@pytest.fixture
def issued(alices_license: License, bob: User) -> dict[str, Issued]:
    """Four tokens; `old` was never used, `idle` not for long, and Bob's may write."""
    now = timezone.now()
    made = {
        "new": issue(alices_license, "new"),
        "old": issue(alices_license, "old"),
        "idle": issue(alices_license, "idle"),
        "bobs": issue(bob.licenses.get(), "bobs", "account:write"),
        "account": lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user),
    }
    Token.objects.filter(name__in=["old", "idle"]).update(created_at=now - 100 * DAY)
    Token.objects.filter(name="idle").update(first_used_at=now - 99 * DAY, last_used_at=now - 40 * DAY)
    return made


def revoked() -> set[str]:
    names = Token.objects.exclude(revoked_at=None).values_list("name", flat=True)
    return {"account" if name == "Account token" else name for name in names}


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        (["--owner", "Alice@example.org"], {"new", "old", "idle", "account"}),
        (["--organization", "meridian"], {"new", "old", "idle", "bobs"}),
        (["--older-than", "90d"], {"old", "idle"}),
        (["--older-than", "101"], set()),
        (["--unused-for", "30d"], {"old", "idle"}),
        (["--unused-for", "60d"], {"old"}),
        (["--scope", "account:read"], {"new", "old", "idle", "bobs", "account"}),
        (["--scope", "account:write"], {"bobs", "account"}),
        (["--scope", "account:read", "--owner", "bob@example.org"], {"bobs"}),
        (["--older-than", "0d", "--organization", "meridian", "--owner", "bob@example.org"], {"bobs"}),
    ],
)
def test_every_criterion_cuts(issued: dict[str, Issued], criteria: list[str], names: set[str]) -> None:
    rehearsed = run(*criteria, "--dry-run")
    assert revoked() == set()

    assert f"{len(names)} token" in run(*criteria, "--yes", "--reason", "moved away")

    assert revoked() == names
    assert f"{len(names)} token{'' if len(names) == 1 else 's'} would be revoked." in rehearsed
    assert len(rehearsed.splitlines()) == len(names) + 1
    events = AuditEvent.objects.filter(action="token.revoked", is_copy=False)
    assert [(event.actor, event.details) for event in events] == [
        (None, {"hold": "administrator", "reason": "moved away"})
    ] * len(names)
    assert run(*criteria, "--yes").startswith("0 tokens")


def test_a_hold_that_its_owner_could_lift_is_taken_over(issued: dict[str, Issued], alice: User) -> None:
    lifecycle.revoke(actor=Actor(alice), token=issued["new"].token)

    run("--owner", "alice@example.org", "--yes")

    assert Token.objects.get(name="new").hold == "administrator"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--yes"], "Say which: --owner"),
        (["--reason", "tidying", "--yes"], "Say which: --owner"),
        (["--owner", "nobody@example.org"], "Nobody has the address"),
        (["--organization", "nowhere"], "no organization"),
        (["--older-than", "-5d"], "older-than"),
        (["--older-than", "soon"], "no number of days"),
        (["--scope", "moon:read"], "no permission"),
        (["--leak-file", "/nowhere"], "No such file"),
        (["--owner", "alice@example.org"], "There is no terminal to ask on: say --yes."),
    ],
)
def test_without_a_criterion_or_an_answer_nothing_is_revoked(
    issued: dict[str, Issued], arguments: list[str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("4\n"))

    with pytest.raises(CommandError, match=reason):
        run(*arguments)

    assert revoked() == set()


@pytest.mark.parametrize(("answer", "count"), [("4", 4), ("yes", 0), ("", 0)])
def test_on_a_terminal_the_number_is_typed(
    issued: dict[str, Issued], answer: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))

    if count:
        run("--owner", "alice@example.org")
    else:
        with pytest.raises(CommandError, match="Nothing was revoked"):
            run("--owner", "alice@example.org")

    assert len(revoked()) == count


def test_what_stands_in_a_file_is_revoked_as_leaked(
    issued: dict[str, Issued], alices_license: License, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    imported = take_over(alices_license, text := "4abc478b25e30766652f76103b978349c4c4b214")
    lifecycle.revoke(actor=Actor(alices_license.user), token=issued["old"].token)
    file = tmp_path / "leak.bin"
    texts = {name: str(each.plaintext) for name, each in issued.items()}
    file.write_bytes(
        b"\xff\xfe\x00 nothing, then \\n"
        + texts["new"].encode()
        + "é\n".encode()
        + f'{{"key":"{texts["account"]}"}}\nTOKEN=\'{text}\';{texts["old"]}\n{texts["bobs"][:-1]}\n'.encode()
    )

    assert "4 tokens would be revoked." in run("--leak-file", file, "--dry-run")
    with django_capture_on_commit_callbacks(execute=True):
        assert "4 tokens revoked." in run("--leak-file", file, "--yes")
        assert "0 tokens revoked." in run("--leak-file", file, "--yes")

    assert set(Token.objects.filter(hold="leak").values_list("name", flat=True)) == {
        "new",
        "old",
        "Account token",
        imported.name,
    }
    assert len(mail.outbox) == 4
