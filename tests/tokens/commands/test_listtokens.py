"""Every fact of the tokens, and never what they are recognised by."""

import json

import pytest
from django.core.management import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actor import SYSTEM
from accounts.models import License, User
from tests.factories import issue, take_over
from tests.tokens.commands.terminal import said
from tokens import lifecycle
from tokens.models import Token


def run(*arguments: str) -> str:
    return said("listtokens", *arguments)


def names(*arguments: str) -> list[str]:
    return [json.loads(line)["name"] for line in run("--json", *arguments).splitlines()]


@pytest.fixture
def tokens(alices_license: License, mallory: User) -> None:
    issue(alices_license, "first")
    take_over(alices_license)
    lifecycle.revoke(actor=SYSTEM, token=issue(alices_license, "revoked").token)
    issue(mallory.licenses.get(), "elsewhere")
    lifecycle.regenerate(actor=SYSTEM, owner=alices_license.user)


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ([], ["first", "Imported from authtoken", "revoked", "elsewhere", "Account token"]),
        (["--organization", "meridian"], ["first", "Imported from authtoken", "revoked"]),
        (["--owner", "alice@example.org", "--state", "active"], ["first", "Imported from authtoken", "Account token"]),
        (["--state", "revoked"], ["revoked"]),
        (["--needs", "imported"], ["Imported from authtoken"]),
    ],
)
def test_criteria_add_up(tokens: None, criteria: list[str], found: list[str]) -> None:
    assert names(*criteria) == found
    assert len(run(*criteria).splitlines()) == len(found)


def test_a_line_is_one_object_with_every_fact_and_no_digest(alices_license: License) -> None:
    issued = issue(alices_license)
    digest = bytes(Token.objects.get().digest)

    text = run("--json")

    facts = json.loads(text)
    assert facts["id"] == issued.token.pk
    assert (facts["owner"], facts["license"], facts["organization"]) == ("alice@example.org", "ST-20417", "meridian")
    assert (facts["state"], facts["scopes"], facts["imported"], facts["pepper"]) == (
        "active",
        ["account:read"],
        False,
        1,
    )
    for everything in (text, run()):
        assert digest.hex() not in everything
        assert str(issued.plaintext) not in everything


def test_thirty_tokens_take_no_more_queries_than_two(alices_license: License) -> None:
    License.objects.update(allowance=40)
    counts = []
    for numbers in (range(2), range(2, 30)):
        for number in numbers:
            issue(alices_license, f"job {number}")
        with CaptureQueriesContext(connection) as queries:
            run()
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_what_does_not_exist_is_one_sentence(db: None) -> None:
    assert run() == ""
    with pytest.raises(CommandError, match="no organization"):
        run("--organization", "nowhere")
