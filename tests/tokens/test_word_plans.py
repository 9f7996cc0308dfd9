"""How words are read: found along their index, or asked of a row by its key; in a crowd here and another elsewhere."""

import itertools
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, License, Organization
from config import keyset
from config.choice import Choice
from config.keyset import Order, stretch_of
from tests.tokens import crowd
from tests.tokens.plans import IS_SQLITE, plan_of
from tokens.events import AuditFilter
from tokens.filters import MemberFilter, TokenFilter
from tokens.models import Token

WORDS = ["job", "job-00007", "member", "Member 00007", "nowhere", "away", "Stranger", "crwd"]
OF_WORDS = re.compile(r'FROM "(?:accounts|tokens)_(licenseword|personword|tokenword)"')
KEYS = {
    "tokenword": "sqlite_autoindex_tokens_tokenword_1" if IS_SQLITE else "tokens_tokenword_pkey",
    "personword": "sqlite_autoindex_accounts_personword_1" if IS_SQLITE else "accounts_personword_pkey",
    "licenseword": "sqlite_autoindex_accounts_licenseword_1" if IS_SQLITE else "accounts_licenseword_pkey",
}


@pytest.fixture(autouse=True)
def many(alices_license: License, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "COUNT", 1_200)
    crowd.gather_crowd(alices_license.organization)
    crowd.forget_statistics() if IS_SQLITE else crowd.gather_statistics()


def tokens(organization: Organization, words: str) -> tuple[Choice, Any]:
    filter = TokenFilter({"q": words}, organization=organization)
    return filter.choice(timezone.now()), Token.objects.of_organization(organization)


def members(organization: Organization, words: str) -> tuple[Choice, Any]:
    return MemberFilter({"q": words}).choice(organization), organization.licenses.all()


def events(organization: Organization, words: str) -> tuple[Choice, Any]:
    return AuditFilter({"q": words}).choice(organization), AuditEvent.objects.of_chain(organization)


LISTS = [tokens, members, events]


def last_query(rows: Any) -> str:
    """As the database is asked, with its values."""
    with CaptureQueriesContext(connection) as captured:
        list(rows)
    return str(captured.captured_queries[-1]["sql"])


def is_read_as_a_whole(plan: str) -> bool:
    return re.search(r"SCAN \w*word|Seq Scan on \w*word", plan) is not None


def test_words_are_found_along_their_index(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    searches = []
    for bound, kind, words in itertools.product([100, 10], LISTS, WORDS):
        monkeypatch.setattr(keyset, "COUNTED_AT_MOST", bound)
        with CaptureQueriesContext(connection) as captured:
            choice, rows = kind(organization, words)
            found = choice.out_of(rows)
            stretch_of(found.rows, None, order=Order(within="organization_id"), size=2, asked=found.asked)
        searches.append([str(query["sql"]) for query in captured.captured_queries])

    for sql in itertools.chain.from_iterable(searches):
        plan = plan_of(sql)
        if table := OF_WORDS.search(sql.partition("WHERE")[0]):
            index = r"tokenword_(word|former)" if table[1] == "tokenword" else f"{table[1]}_word"
            assert re.search(index + (r" \(organization_id=\? AND word>" if IS_SQLITE else ""), plan), (sql, plan)
            assert "TEMP B-TREE" not in plan, (sql, plan)  # PostgreSQL sorts few rather than fetch them one by one
        assert not is_read_as_a_whole(plan), (sql, plan)
    assert all(any(OF_WORDS.search(sql) for sql in search) for search in searches)
    assert max(map(len, searches)) <= 20


def test_a_word_of_very_many_is_asked_of_a_row_by_its_key(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "COUNTED_AT_MOST", 0)
    asked_for = set()
    for kind, words in itertools.product(LISTS, ["job", "member", "studio"]):
        choice, rows = kind(organization, words)
        sql = last_query(choice.in_passing(rows).order_by("-pk")[:2])
        plan = plan_of(sql)
        for table in re.findall(r'FROM "\w+?_(\w+word)"', sql):
            asked_for.add((kind, table))
            assert KEYS[table] in plan, (sql, plan)
        assert not is_read_as_a_whole(plan), (sql, plan)
        assert "hashed" not in plan, (sql, plan)

    assert {table for _, table in asked_for} == set(KEYS)
    assert {kind for kind, _ in asked_for} == set(LISTS)
