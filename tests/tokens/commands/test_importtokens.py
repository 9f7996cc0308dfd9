"""Tokens of other systems, taken over with the texts that they have."""

import hashlib
import io
import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import AuditEvent, License, Organization, User
from tests.factories import LicenseFactory, UserFactory, issue, service_account
from tests.tokens.pages.test_leak_desk import dump
from tests.tokens.scenes import DAY, fill
from tokens import foreign
from tokens.lifecycle import change_policy
from tokens.models import TextShape, Token

# The example of CRIPT's own help page.
CRIPT = "4abc478b25e30766652f76103b978349c4c4b214"
OTHER = "0cfa3c9d11e64d3c9f20bd7a6e5583f2a9c1e47b"
HERE = ("--organization", "meridian", "--scope", "account:read")


@pytest.fixture(scope="session")
def other_system(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    path = tmp_path_factory.mktemp("other") / "other system.sqlite3"
    command = [sys.executable, "-m", "tests.tokens.commands.other_system", str(path)]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    return path, json.loads(made.stdout)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens.csv"


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("importtokens", *map(str, arguments), stdout=out)
    foreign.known.forget()
    return out.getvalue()


def refused(*arguments: object) -> tuple[str, str]:
    """What a run says that imports nothing, and its last sentence."""
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("importtokens", *map(str, arguments), stdout=out)
    return out.getvalue(), str(error.value)


def import_csv(file: Path, text: str, *options: str) -> str:
    file.write_text(text)
    return run("--from-csv", file, *HERE, *options)


def call(text: str) -> Any:
    return Client().get("/api/v1/me", headers={"Authorization": f"Token {text}"})


def everything() -> list[Any]:
    models = (User, EmailAddress, License, Token, TextShape, AuditEvent)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def test_a_token_of_the_old_system_goes_on_working(alice: User, file: Path) -> None:
    assert call(CRIPT).json()["code"] == "credential_invalid"

    said = import_csv(file, f"text,email\n{CRIPT},ALICE@example.org\n")

    assert call(CRIPT).json()["email"] == "alice@example.org"
    token = Token.objects.get()
    assert (token.owner, token.name, token.hint) == (alice, "Imported from csv", "4abc…b214")
    assert (token.scope, token.is_imported) == ("account:read", True)
    assert "line 2, 4abc…b214, ALICE@example.org: imported, as Imported from csv on Studio ST-20417" in said
    assert said.endswith("1 token imported.\n")
    assert CRIPT[4:-4] not in said


def test_the_tokens_of_rest_framework_work_on(
    alice: User, bob: User, other_system: tuple[Path, dict[str, str]]
) -> None:
    path, texts = other_system
    before = path.read_bytes()

    said = run("--from-authtoken", f"sqlite:///{path}", *HERE)

    assert call(texts["authtoken alice"]).json()["email"] == "alice@example.org"
    assert call(texts["authtoken bob"]).json()["email"] == "bob@example.org"
    assert call(texts["authtoken erin"]).status_code == 401
    assert "Erin@example.org: left out, its owner is switched off there" in said
    assert (timezone.now() - Token.objects.get(owner=alice).created_at).days == 900
    assert path.read_bytes() == before


def test_the_tokens_of_knox_work_on_though_it_knows_no_text(
    alice: User, bob: User, other_system: tuple[Path, dict[str, str]], settings
) -> None:
    path, texts = other_system

    said = run("--from-knox", f"sqlite:///{path}", "--text-prefix", "old.", *HERE)

    for name in ("knox alice", "knox alice endless", "knox alice prefixed"):
        assert call(texts[name]).json()["email"] == "alice@example.org"
    assert call(texts["knox bob expired"]).status_code == 401
    assert "Bob@example.org: left out, it has expired" in said
    tokens = {token.name: token for token in Token.objects.all()}
    assert set(tokens) == {"Imported from knox", "Imported from knox 2", "Imported from knox 3"}
    assert {token.hint for token in tokens.values()} == {
        f"{texts['knox alice'][:4]}…",
        f"{texts['knox alice endless'][:4]}…",
        f"{texts['knox alice prefixed'][:8]}…",
    }
    assert sum(token.expires_at is None for token in tokens.values()) == 1

    settings.TOKEN_PEPPERS = {**settings.TOKEN_PEPPERS, 2: b"two" * 11}
    assert [call(texts["knox alice"]).status_code for _ in range(2)] == [200, 200]
    settings.TOKEN_PEPPERS = {2: b"two" * 11}
    assert call(texts["knox alice"]).status_code == 200
    assert call(texts["knox alice endless"]).status_code == 401


def test_a_stolen_hash_is_no_text(alice: User, file: Path) -> None:
    """Texts as long as a hash are known here too, and still nobody calls with the hash."""
    stolen = hashlib.sha512(CRIPT.encode()).hexdigest()
    import_csv(
        file,
        f"sha512,text,length,email,name\n{stolen},,40,alice@example.org,a\n,{OTHER * 3}01234567,,alice@example.org,b\n",
    )
    assert len(OTHER * 3 + "01234567") == len(stolen)

    assert call(CRIPT).status_code == 200
    assert call(stolen).status_code == 401


def test_a_renamed_table_of_users_is_found_by_its_reference(
    alice: User, other_system: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "renamed.sqlite3"
    path.write_bytes(other_system[0].read_bytes())
    with sqlite3.connect(path) as source:
        source.execute("ALTER TABLE auth_user RENAME TO people")
        source.execute("ALTER TABLE people RENAME COLUMN email TO mail")

    assert "--email-column" in refused("--from-authtoken", f"sqlite:///{path}", *HERE)[1]
    said = run("--from-authtoken", f"sqlite:///{path}", *HERE, "--email-column", "mail", "--skip-wrong")

    assert "1 token imported" in said


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:////nowhere/at/all.sqlite3", "The source cannot be read: unable to open database file"),
        ("mysql://user:hidden@db/old", "must begin with one of"),
        ("NO_SUCH_VARIABLE", "the environment has no NO_SUCH_VARIABLE"),
    ],
)
def test_a_source_that_cannot_be_read_is_one_sentence(organization: Organization, url: str, reason: str) -> None:
    _, said = refused("--from-knox", url, *HERE)

    assert reason in said
    assert "hidden" not in said


def test_a_mistyped_file_is_not_made(organization: Organization, tmp_path: Path) -> None:
    _, said = refused("--from-knox", f"sqlite:///{tmp_path}/odl.sqlite3", *HERE)

    assert "unable to open database file" in said
    assert list(tmp_path.iterdir()) == []


def test_the_address_of_a_source_may_stand_in_the_environment(
    alice: User, other_system: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLD_DATABASE_URL", f"sqlite:///{other_system[0]}")

    assert "There is no table" in refused("--from-knox", "OLD_DATABASE_URL", *HERE, "--user-table", "nobody")[1]
    assert "1 token imported" in run("--from-authtoken", "OLD_DATABASE_URL", *HERE, "--skip-wrong")


def test_a_second_run_imports_nothing_twice(alice: User, file: Path) -> None:
    text = f"text,email\n{CRIPT},alice@example.org\n"
    import_csv(file, text)
    before = everything()

    said = import_csv(file, text)

    assert "there already" in said
    assert said.endswith("0 tokens imported, 1 there already.\n")
    assert everything() == before


def test_a_dry_run_says_the_same_and_changes_nothing(alice: User, file: Path) -> None:
    text = f"text,email\n{CRIPT},alice@example.org\n{OTHER},erin@example.org\n"
    before = everything()

    rehearsed = import_csv(file, text, "--create-people", "--dry-run")
    assert everything() == before
    done = import_csv(file, text, "--create-people")

    assert rehearsed == done.replace("2 tokens imported", "2 tokens would be imported").replace(
        Token.objects.get(owner__email="erin@example.org").license.number, rehearsed.split("Member ")[1].split(",")[0]
    )


def test_every_import_is_one_row_of_the_log_a_token_and_one_for_all(
    alice: User, organization: Organization, file: Path
) -> None:

    last = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    import_csv(file, f"text,email\n{CRIPT},alice@example.org\n{OTHER},alice@example.org\n")

    events = AuditEvent.objects.filter(pk__gt=last, organization=organization).order_by("pk")
    assert [(event.action, event.actor, event.subject) for event in events] == [
        ("token.imported", None, alice),
        ("token.imported", None, alice),
        ("tokens.imported", None, None),
    ]
    assert events[0].details == {"source": "csv", "scope": "account:read", "expires_at": None}
    assert events[2].details == {"chosen": "from csv", "count": 2}


LINE = f"{CRIPT},alice@example.org"


@pytest.mark.parametrize(
    ("rows", "place", "reason"),
    [
        (f"{OTHER},nobody@example.org", "line 3", "nobody with this address has a license of Meridian"),
        (f"{OTHER},mallory@example.org", "line 3", "nobody with this address has a license of Meridian"),
        (f"{OTHER},", "line 3", "it names no owner"),
        (f"{CRIPT},alice@example.org", "line 3", "the same text as line 2"),
        ("TAKEN,alice@example.org", "line 3", "somebody else here has a token with this text"),
        ("short,alice@example.org", "line 3", "16 to 500 characters"),
        (f'"{OTHER},{OTHER}",alice@example.org', "line 3", "or a comma"),
        (f"{OTHER}é,alice@example.org", "line 3", "visible ASCII"),
        (f"{OTHER}\x00,alice@example.org", "line 3", "visible ASCII"),
        (f'"{OTHER}\n{CRIPT}",alice@example.org', "line 3", "visible ASCII"),
        (f'"\n\n",x\n{OTHER},nobody@example.org', "line 6", "nobody"),
        ("a" * 40 + ",alice@example.org", "line 3", "easily guessed"),
        ("trk_" + OTHER + ",alice@example.org", "line 3", "begins with trk_"),
        (f"{OTHER},alice@example.org,more", "line 3", "3 fields, the first line 2"),
        (f"{OTHER}", "line 3", "1 fields, the first line 2"),
        (f'{OTHER},"alice@example.org" x', "line 3", "no CSV"),
    ],
    ids=str,
)
def test_a_wrong_line_is_named_and_nothing_is_imported(
    alice: User, bob: User, mallory: User, file: Path, rows: str, place: str, reason: str
) -> None:
    taken = issue(bob.licenses.get()).plaintext
    file.write_text(f"text,email\n{LINE}\n{rows.replace('TAKEN', taken)}\n", newline="")
    before = everything()

    said, last = refused("--from-csv", file, *HERE)

    (wrong,) = [line for line in said.splitlines() if f"{place}, " in line or f"{place}:" in line]
    assert ": wrong, " in wrong
    assert reason in wrong
    assert last.startswith("Nothing is imported: ")
    assert everything() == before
    assert not [text for text in (CRIPT, OTHER, taken) if text[4:-4] in said + last]


@pytest.mark.parametrize(
    ("columns", "row", "reason"),
    [
        ("text,email,expires_at", f"{OTHER},alice@example.org,soon", "its expires_at is no date"),
        ("text,email,expires_at", f"{OTHER},alice@example.org,2026-02-30", "its expires_at is no date"),
        ("text,email,created_at", f"{OTHER},alice@example.org,2999-01-01", "its created_at is in the future"),
        ("text,email,scopes", f"{OTHER},alice@example.org,moon:read", "There is no permission moon:read."),
        ("text,email,name", f"{OTHER},alice@example.org,{'x' * 61}", "its name is longer than 60 characters"),
        ("text,email,name", f"{OTHER},alice@example.org,a\x07b", "its name holds an invisible character"),
        ("text,email,name", f"{OTHER},alice@example.org,{OTHER}", "its name looks like a token"),
        ("text,email,name", f"{OTHER},alice@example.org,Nightly", "already a token named Nightly"),
        (
            "text,email,license",
            f"{OTHER},alice@example.org,ST-20418",
            "it does not belong to the holder of",
        ),
        ("text,email,license", f"{OTHER},alice@example.org,ST-1", "there is no license of that number of Meridian"),
        ("text,email,license", f"{OTHER},,ST-20417", "it names no owner"),
        ("sha512,email", f"{OTHER},alice@example.org", "it is no SHA-512"),
        ("text,sha512,email", f"{OTHER},{'0' * 128},alice@example.org", "either a text or its sha512"),
        ("text,sha512,email", ",,alice@example.org", "either a text or its sha512"),
        ("sha512,length,email", f"{'0' * 128},7,alice@example.org", "16 to 500 characters"),
        ("sha512,length,email", f"{'0' * 128},٤٠,alice@example.org", "its length is no number"),
    ],
    ids=str,
)
def test_each_column_is_checked(
    alices_license: License, bob: User, file: Path, columns: str, row: str, reason: str
) -> None:
    issue(alices_license, name="nightly")
    file.write_text(f"{columns}\n{row}\n")

    said, _ = refused("--from-csv", file, *HERE)

    assert f": wrong, {reason}" in said or reason in said


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "names neither the column text nor sha512"),
        (b"email,name\n", "names neither the column text nor sha512"),
        (f"text,email,text\n{LINE},x\n".encode(), "names the column text twice"),
        (f"text;email\n{LINE}\n".encode(), "Number 1 is none of them"),
        (f"{LINE}\n".encode(), "Number 1 is none of them"),
        (f"text,email\n{LINE}\n".encode("utf-16"), "Number 1 is none of them"),
    ],
    ids=["empty", "no text", "twice", "semicolons", "no header", "UTF-16"],
)
def test_a_file_without_the_right_first_line_is_refused_without_repeating_it(
    alice: User, file: Path, content: bytes, reason: str
) -> None:
    file.write_bytes(content)

    _, said = refused("--from-csv", file, *HERE)

    assert reason in said
    assert CRIPT[:8] not in said


def test_bytes_that_are_no_utf8_are_one_wrong_line(alice: User, file: Path) -> None:
    file.write_bytes(
        b"\xef\xbb\xbftext,email,name\r\n" + f"{LINE},ok\r\n{OTHER},alice@example.org,caf".encode() + b"\xe9\r\n"
    )

    said = run("--from-csv", file, *HERE, "--skip-wrong")

    assert "line 3: wrong, it is not UTF-8" in said
    assert said.endswith("1 token imported, 1 wrong.\n")
    assert call(CRIPT).status_code == 200


def test_a_foreign_table_does_not_write_to_the_terminal(alice: User, file: Path) -> None:
    file.write_text(f"text,email\n{OTHER},\x1b]0;x\x07{'y' * 300}\n")

    said, _ = refused("--from-csv", file, *HERE)

    assert "\x1b" not in said
    assert max(map(len, said.splitlines())) < 200


def test_a_row_says_more_than_the_command(alice: User, file: Path) -> None:
    with timezone.override("UTC"):
        import_csv(
            file,
            "text,email,name,scopes,created_at,expires_at\n"
            f"{CRIPT},alice@example.org,Nightly,tokens:read account:write,2020-02-29,2999-12-31\n",
        )

    token = Token.objects.get()
    assert (token.name, token.scope) == ("Nightly", "account:write tokens:read")
    assert token.created_at == datetime(2020, 2, 29, tzinfo=UTC)
    assert token.expires_at == datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_the_allowance_holds(alices_license: License, file: Path) -> None:
    for token in fill(alices_license)[:1]:
        Token.objects.filter(pk=token.pk).update(created_at=timezone.now() - 2 * DAY, expires_at=timezone.now() - DAY)
    file.write_text(f"text,email\n{LINE}\n{OTHER},alice@example.org\n")

    said, _ = refused("--from-csv", file, *HERE)

    assert "line 2, 4abc…b214, alice@example.org: imported" in said
    assert "line 3, 0cfa…e47b, alice@example.org: wrong, All 10 hooks of Studio are taken." in said


@pytest.mark.parametrize(
    "facts", [{"deactivated_at": timezone.now()}, {"valid_until": timezone.now() - DAY}], ids=["deactivated", "ended"]
)
def test_a_license_that_is_not_in_force_takes_none(alices_license: License, file: Path, facts: dict[str, Any]) -> None:
    License.objects.filter(pk=alices_license.pk).update(**facts)
    file.write_text(f"text,email\n{LINE}\n")

    assert "The license Studio is not in force." in refused("--from-csv", file, *HERE)[0]


def test_one_license_takes_only_what_was_its_holders(alices_license: License, bob: User, file: Path) -> None:
    file.write_text(f"text,email\n{LINE}\n{OTHER},bob@example.org\n")

    said = run("--from-csv", file, "--license", "ST-20417", "--scope", "account:read", "--skip-wrong")

    assert "line 3, 0cfa…e47b, bob@example.org: wrong, it does not belong to the holder of Studio ST-20417" in said
    assert Token.objects.get().owner == alices_license.user


def test_a_token_of_nobody_goes_to_a_service_account(organization: Organization, file: Path) -> None:
    license = service_account(organization)

    import_csv(file, f"text,license\n{CRIPT},{license.number}\n")

    assert Token.objects.get().owner == license.user
    assert call(CRIPT).status_code == 200


def test_who_is_new_here_is_brought_in_only_where_the_command_says_so(
    organization: Organization, mallory: User, file: Path, client: Client
) -> None:
    text = f"text,email\n{CRIPT},Erin@Example.org\n{OTHER},mallory@example.org\n"
    file.write_text(text)
    assert "nobody with this address" in refused("--from-csv", file, *HERE)[0]

    said = import_csv(file, text, "--create-people", "--skip-wrong")

    erin = User.objects.get(email="erin@example.org")
    assert "brought in" in said
    assert call(CRIPT).json()["email"] == "erin@example.org"
    assert (erin.has_usable_password(), erin.licenses.get().role) == (False, "member")
    assert not mallory.licenses.filter(organization=organization).exists(), "She is somebody here: she is invited."
    actions = set(AuditEvent.objects.filter(subject=erin).values_list("action", flat=True))
    assert {"user.created", "license.created", "token.imported"} == actions
    client.post("/account/password/reset/", {"email": "erin@example.org"})
    assert mail.outbox[-1].to == ["erin@example.org"]
    assert "/account/password/reset/key/" in str(mail.outbox[-1].body)


@pytest.mark.parametrize(
    "email", ["no address", "a@b.service.invalid", "x" * 300 + "@example.org", "second@example.org"]
)
def test_an_address_that_cannot_be_brought_in_is_a_wrong_line(
    organization: Organization, charlie: User, file: Path, email: str
) -> None:
    EmailAddress.objects.create(user=charlie, email="second@example.org")
    file.write_text(f"text,email\n{CRIPT},{email}\n")

    assert ": wrong, " in refused("--from-csv", file, *HERE, "--create-people")[0]
    assert User.objects.count() == 1


def test_nobody_is_brought_in_beyond_the_seats_of_the_organization(organization: Organization, file: Path) -> None:
    Organization.objects.update(seats=1)

    said = import_csv(
        file, f"text,email\n{CRIPT},a@example.org\n{OTHER},b@example.org\n", "--create-people", "--skip-wrong"
    )

    assert "All 1 licenses of Meridian Cartography are taken." in said
    assert User.objects.count() == 1


def test_a_policy_blocks_what_it_would_block_and_the_report_says_so(
    alice: User, bob: User, organization: Organization, file: Path
) -> None:
    change_policy(actor=SYSTEM, organization=organization, requires_expiry=True, withheld_scope="account:write")

    said = import_csv(file, f"text,email\n{LINE}\n{OTHER},alice@example.org\n")

    assert said.count("blocked by policy: it has no expiry date") == 2
    assert call(CRIPT).json()["code"] == "policy_blocked"
    file.write_text(f"text,email,scopes\n{CRIPT[::-1]},alice@example.org,account:write\n")
    assert "lets no member grant account:write" in refused("--from-csv", file, *HERE)[0]


def test_where_the_tokens_go_has_to_be_said(organization: Organization, file: Path) -> None:
    LicenseFactory(user=UserFactory(), number="ST-9")
    file.write_text("text\n")

    assert "Say where" in refused("--from-csv", file)[1]
    assert "is none of Meridian" in refused("--from-csv", file, "--organization", "meridian", "--license", "ST-9")[1]
    assert "no organization 'nowhere'" in refused("--from-csv", file, "--organization", "nowhere")[1]
    assert "cannot be read: No such file" in refused("--from-csv", file.with_name("x"), *HERE)[1]


def test_an_import_counts_in_a_process_that_has_asked_before_within_seconds(alice: User, file: Path) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert call(CRIPT).status_code == 401
        remembered = foreign.known.remembered
        import_csv(file, f"text,email\n{LINE}\n")
        foreign.known.remembered = remembered
        assert call(CRIPT).status_code == 401
        clock.shift(timedelta(seconds=3))
        assert call(CRIPT).status_code == 200


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        (OTHER, 1),
        (OTHER[:-1], 0),
        (OTHER + "0", 0),
        (OTHER.upper(), 0),
        ("x" + OTHER[1:], 0),
        ("trk_" + OTHER[4:], 0),
    ],
    ids=["like an imported one", "shorter", "longer", "in capitals", "not hexadecimal", "like our own"],
)
def test_a_foreign_text_costs_a_query_only_where_one_like_it_was_imported(
    alice: User, file: Path, text: str, queries: int, django_assert_num_queries: Any
) -> None:
    import_csv(file, f"text,email\n{LINE}\n")
    foreign.known.ask()

    with django_assert_num_queries(queries):
        answer = call(text)

    assert answer.json()["code"] == "credential_invalid"


def test_no_table_holds_a_text_afterwards(alice: User, file: Path, other_system: tuple[Path, dict[str, str]]) -> None:
    import_csv(file, f"text,email\n{LINE}\n")
    run("--from-knox", f"sqlite:///{other_system[0]}", "--text-prefix", "old.", *HERE, "--skip-wrong")

    rows = dump()

    hidden = [CRIPT, other_system[1]["knox alice"], other_system[1]["knox alice prefixed"]]
    assert Token.objects.count() == 4
    assert not [text for text in hidden if text[8:-4] in rows]
