"""What a refusal costs tells nothing: whoever guesses does the same work to the server, near or far from the truth.

Queries and digests are counted, not seconds.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from accounts import seats
from accounts.actor import SYSTEM
from accounts.models import License
from tests.factories import issue, take_over
from tests.tokens.scenes import let_expire
from tokens import foreign, format, hashing, lifecycle
from tokens.format import ALPHABET, CHECKSUM_LENGTH
from tokens.lifecycle import Issued
from tokens.models import Token

IN_HEX = "4abc478b25e30766652f76103b978349c4c4b214"


@pytest.fixture(params=[1, 3], ids=["one pepper", "three peppers"])
def issued(request: pytest.FixtureRequest, settings: Any, alices_license: License) -> Issued:
    settings.TOKEN_PEPPERS = {number: bytes([number]) * 32 for number in range(1, request.param + 1)}
    take_over(alices_license, IN_HEX)
    return issue(alices_license)


class Peppers(dict[int, bytes]):
    """Each digest asks for its pepper."""

    asked_for = 0

    def __getitem__(self, number: int) -> bytes:
        self.asked_for += 1
        return super().__getitem__(number)


def near(text: str) -> str:
    """One character is another, and the checksum fits."""
    body = text[: -CHECKSUM_LENGTH - 1] + next(one for one in ALPHABET if one != text[-CHECKSUM_LENGTH - 1])
    return body + format.checksum(body)


def replaced(token: Token) -> None:
    lifecycle.rotate(actor=SYSTEM, token=token, overlap=timedelta(0))


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """How often the database was asked, with how many statements, and how many digests were made."""
    work: dict[str, int] = {}
    peppers = Peppers(settings.TOKEN_PEPPERS)
    with override_settings(TOKEN_PEPPERS=peppers), CaptureQueriesContext(connection) as queries:
        yield work
    statements = {query["sql"][:40] for query in queries}
    work |= {"digests": peppers.asked_for, "queries": len(queries), "statements": len(statements)}


def work_of(text: str, status: int = 401) -> dict[str, int]:
    with counted() as work:
        assert Client(headers={"Authorization": f"Token {text}"}).get("/api/v1/me").status_code == status
    return work


@pytest.fixture
def of_a_stranger(issued: Issued) -> dict[str, int]:
    """Of a text that is well formed and that nobody has."""
    return work_of(format.generate("trk_"))


def test_a_near_miss_is_as_much_work_as_a_text_far_from_any(issued: Issued, of_a_stranger: dict[str, int]) -> None:
    work = work_of(near(issued.plaintext))

    assert work == of_a_stranger
    assert work["queries"] == 1


BEFALLS: dict[str, Callable[[Token], object]] = {
    "expired": let_expire,
    "revoked": lambda token: lifecycle.revoke(actor=SYSTEM, token=token),
    "leaked": lambda token: lifecycle.revoke_as_leaked(actor=SYSTEM, token=token),
    "replaced": replaced,
    "its owner switched off": lambda token: seats.deactivate_user(token.owner, actor=SYSTEM),
    "its license switched off": lambda token: License.objects.update(deactivated_at=token.created_at),
    "its license run out": lambda token: License.objects.update(valid_until=token.created_at),
}


@pytest.mark.parametrize("befall", BEFALLS.values(), ids=BEFALLS)
def test_a_token_that_works_no_more_is_as_much_work_as_none(
    issued: Issued, of_a_stranger: dict[str, int], befall: Callable[[Token], object]
) -> None:
    befall(issued.token)

    assert work_of(issued.plaintext) == of_a_stranger


def test_texts_of_another_system_are_the_same_work_near_and_far(issued: Issued) -> None:
    foreign.known.ask()
    far, close = "0123456789abcdef" * 2 + "01234567", IN_HEX[:-1] + "5"

    works = [work_of(far), work_of(close)]
    Token.objects.filter(shape__isnull=False).update(revoked_at=issued.token.created_at, hold="leak")
    works.append(work_of(IN_HEX))

    assert works[0] == works[1] == works[2]
    assert works[0]["digests"] == len(hashing.digests(issued.plaintext))


def test_what_is_malformed_is_the_same_work_wherever_the_mistake_is(issued: Issued) -> None:
    text = str(issued.plaintext)
    mistyped = [text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :] for place in (4, 20, -1)]

    works = [work_of(wrong) for wrong in (*mistyped, text[:-1])]

    assert works == [{"digests": 0, "queries": 0, "statements": 0}] * 4


@pytest.mark.parametrize("path", ["introspect", "revoke"])
def test_asking_about_a_text_that_nobody_has_is_the_same_work(alices_license: License, path: str) -> None:
    service = issue(alices_license, "service", "introspect:read")
    issued = issue(alices_license, "another")
    client = Client(headers={"Authorization": f"Token {service.plaintext}"} if path == "introspect" else {})
    body = {"content_type": "application/x-www-form-urlencoded"}
    client.post(f"/api/v1/{path}", "token=none", **body)
    works = []

    for text in (format.generate("trk_"), near(issued.plaintext)):
        with counted() as work:
            assert client.post(f"/api/v1/{path}", f"token={text}", **body).status_code == 200
        works.append(work)

    assert works[0] == works[1]
