"""Peppers come and go, and none goes that a token hangs on."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from accounts.actor import SYSTEM
from accounts.models import AuditChain, AuditEvent, License
from config.environment import Environment
from tests.calls import call
from tests.factories import issue
from tests.tokens.commands.terminal import said
from tokens import lifecycle
from tokens.models import Token

ONE, TWO = b"one" * 11, b"two" * 11
LINE = "1:" + base64.b64encode(ONE).decode()


def run(*arguments: str, **options: Any) -> str:
    return said("rotatepeppers", *arguments, **options)


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    file = tmp_path / "env"
    file.write_text(f"# Keep this.\nSECRET_KEY=x\nTOKEN_PEPPERS={LINE}\nOTHER='a b'\n")
    file.chmod(0o640)
    monkeypatch.setenv("ENV_FILE", str(file))
    monkeypatch.setenv("TOKEN_PEPPERS", LINE)
    settings.TOKEN_PEPPERS = {1: ONE}
    return file


def peppers(file: Path, monkeypatch: pytest.MonkeyPatch) -> dict[int, bytes]:
    """As the next start reads them."""
    monkeypatch.delenv("TOKEN_PEPPERS")
    return Environment(file).numbered_keys("TOKEN_PEPPERS")


def test_a_new_pepper_joins_the_file_and_nothing_else_changes(
    db: None, env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = env.read_text().splitlines()

    output = run()

    assert "Pepper 2 is added. Restart every process" in output
    after = env.read_text().splitlines()
    assert [line for line in after if line not in before] == [after[2]]
    assert env.stat().st_mode & 0o777 == 0o640
    found = peppers(env, monkeypatch)
    assert (found[1], len(found[2])) == (ONE, 32)
    assert base64.urlsafe_b64encode(found[2]).decode() not in output
    assert os.listdir(env.parent) == ["env"]


def test_where_the_environment_comes_from_elsewhere_the_line_is_shown_to_a_terminal_or_on_demand(
    db: None, env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env.write_text("TOKEN_PEPPERS=1:of-another-time\n")

    with pytest.raises(CommandError, match="say --print"):
        run()
    for shown in (run(terminal=True), run("--print")):
        assert shown.splitlines()[-1].startswith(f"TOKEN_PEPPERS={LINE},2:")

    assert env.read_text() == "TOKEN_PEPPERS=1:of-another-time\n"


def test_the_file_is_not_touched_by_two_at_once(db: None, env: Path) -> None:
    env.with_name("env.new").touch()
    before = env.read_text()

    with pytest.raises(CommandError, match="somebody else is changing env"):
        run()

    assert env.read_text() == before


def test_tokens_move_to_the_new_pepper_as_they_are_used(alices_license: License, env: Path, settings: Any) -> None:
    used, unused, ended = (issue(alices_license, name) for name in ("used", "unused", "ended"))
    lifecycle.revoke_as_leaked(actor=SYSTEM, token=ended.token)
    settings.TOKEN_PEPPERS = {1: ONE, 2: TWO}
    before = env.read_text()

    call(used)

    assert run("--status").splitlines() == [
        "pepper 1: 1 token in use or able to come back, 1 ended",
        "pepper 2: 1 token in use or able to come back, 0 ended, the newest",
    ]
    assert env.read_text() == before
    call(unused)
    assert "pepper 1: 0 tokens in use" in run("--status")
    settings.TOKEN_PEPPERS = {1: ONE}
    assert "pepper 2: 2 tokens in use or able to come back, 0 ended, missing from TOKEN_PEPPERS" in run("--status")


def test_a_pepper_on_which_nothing_hangs_is_taken_out(
    db: None, env: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = f"{LINE},2:{base64.b64encode(TWO).decode()}"
    env.write_text(f"TOKEN_PEPPERS='{both}'\n")
    monkeypatch.setenv("TOKEN_PEPPERS", both)
    settings.TOKEN_PEPPERS = {1: ONE, 2: TWO}
    assert "pepper 1: 0 tokens in use or able to come back, 0 ended, not needed" in run("--status")

    assert "Pepper 1 is taken out." in run("--remove", "1")

    assert peppers(env, monkeypatch) == {2: TWO}


@pytest.mark.parametrize(
    ("number", "standing", "reason"),
    [
        ("3", "unused", "There is no pepper 3"),
        ("2", "unused", "is the newest"),
        ("1", "living", "1 token would stop working"),
        ("1", "revoked", "1 token would stop working"),
        ("1", "leaked", "1 ended token would be refused as unknown"),
        ("1", "signed", "The audit log has rows signed with the key"),
    ],
)
def test_a_pepper_that_is_needed_stays(
    alices_license: License, env: Path, settings: Any, number: str, standing: str, reason: str
) -> None:
    settings.TOKEN_PEPPERS = {1: ONE}
    token = issue(alices_license).token
    if standing == "revoked":
        lifecycle.revoke(actor=SYSTEM, token=token)
    if standing == "leaked":
        lifecycle.revoke_as_leaked(actor=SYSTEM, token=token)
    if standing in {"signed", "unused"}:
        Token.objects.all().delete()
    settings.TOKEN_PEPPERS = {1: ONE, 2: TWO}
    assert AuditEvent.objects.filter(key=10_001).exists()
    assert AuditChain.objects.filter(key=10_001).exists()
    before = env.read_text()

    with pytest.raises(CommandError, match=reason):
        run("--remove", number)

    assert env.read_text() == before
