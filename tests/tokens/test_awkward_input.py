"""Requests that no sound program sends: each gets one clear problem, never a page, a traceback or a change.

What only a server meets on its way here, such as a lone line feed, is in tests/server/test_raw_requests.py.
"""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import License, User
from tests.factories import issue
from tokens.lifecycle import Issued
from tokens.models import Token

ME, TOKENS = "/api/v1/me", "/api/v1/tokens"
JSON = "application/json"
DEEP = 100_000


@pytest.fixture
def issued(alices_license: License) -> Issued:
    return issue(alices_license, scope="account:write tokens:write")


@pytest.fixture
def script(issued: Issued) -> Client:
    return Client(headers={"Authorization": f"Token {issued.plaintext}"}, raise_request_exception=True)


def assert_problem(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    problem = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    assert response["Cache-Control"] == "no-store"
    return problem


BODIES = {
    "deep lists": ("[" * DEEP, 400, "bad_request"),
    "deep lists that close": ("[" * DEEP + "]" * DEEP, 400, "bad_request"),
    "deep objects": ('{"name":' * DEEP + "1" + "}" * DEEP, 400, "bad_request"),
    "deep within a known field": ('{"name":' + "[" * 100 + "]" * 100 + "}", 422, "invalid_request"),
    "cut off": ('{"name": "Ali', 400, "bad_request"),
    "no JSON at all": ("name=Alice", 400, "bad_request"),
    "two documents": ('{"name": "A"}{"name": "B"}', 400, "bad_request"),
    "a name twice": ('{"name": "A", "name": "B"}', 400, "bad_request"),
    "not a number": ('{"name": NaN}', 400, "bad_request"),
    "a huge number": ('{"name": ' + "9" * 10_000 + "}", 400, "bad_request"),
    "a huge exponent": ('{"name": 1e999999}', 422, "invalid_request"),
    "only NUL": (b"\x00", 400, "bad_request"),
    "NUL in a text": ('{"name": "Ali\\u0000ce"}', 422, "invalid_request"),
    "NUL in a name": ('{"na\\u0000me": "Alice"}', 422, "invalid_request"),
    "bad UTF-8": (b'{"name": "\xff\xfe"}', 400, "bad_request"),
    "overlong UTF-8": (b'{"name": "\xc0\xaf"}', 400, "bad_request"),
    "UTF-16": ('{"name": "Alice"}'.encode("utf-16"), 400, "bad_request"),
    "a byte order mark": (b'\xef\xbb\xbf{"name": "Alice"}', 400, "bad_request"),
    "a lone surrogate": ('{"name": "\\ud800"}', 422, "invalid_request"),
    "an unknown field": ('{"name": "Alice", "is_staff": true}', 422, "invalid_request"),
    "a dangerous name": ('{"name": "Alice", "__proto__": {"x": 1}}', 422, "invalid_request"),
    "a list": ('[{"name": "Alice"}]', 422, "invalid_request"),
    "another type": ('{"name": {"$ne": null}}', 422, "invalid_request"),
    "white space": ("   ", 400, "bad_request"),
    "nothing": ("", 422, "invalid_request"),
    "too large": ('{"name": "' + "x" * 1_000_000 + '"}', 413, "content_too_large"),
}


@pytest.mark.parametrize(("body", "status", "code"), BODIES.values(), ids=BODIES)
def test_a_body_that_makes_no_sense_changes_nothing(
    script: Client, alice: User, body: str | bytes, status: int, code: str
) -> None:
    assert_problem(script.patch(ME, body, content_type=JSON), status, code)

    alice.refresh_from_db()
    assert alice.name == "Alice Holm"


def test_nul_is_not_even_looked_for(script: Client) -> None:
    """PostgreSQL would refuse the query."""
    draft = {"name": "ci", "scopes": ["account:read"], "license": "\0"}

    (error,) = assert_problem(script.post(TOKENS, draft, content_type=JSON), 422, "invalid_request")["errors"]

    assert error["pointer"] == "/license"
    assert "no such license" not in error["detail"]


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "a;b",
    ],
)
def test_a_body_of_another_media_type_is_not_read(script: Client, alice: User, kind: str) -> None:
    assert_problem(script.patch(ME, '{"name": "Alice Reyes"}', content_type=kind), 415, "unsupported_media_type")

    alice.refresh_from_db()
    assert alice.name == "Alice Holm"


@pytest.mark.parametrize("kind", [JSON, "Application/JSON; charset=utf-8", "application/merge-patch+json"])
def test_json_is_json_however_it_is_written(script: Client, kind: str) -> None:
    assert script.patch(ME, '{"name": "Alice Reyes"}', content_type=kind).status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/xml;q=1, */*;q=0", "", "nonsense"])
def test_json_is_answered_whatever_is_asked_for(script: Client, accept: str) -> None:
    assert script.get(ME, headers={"Accept": accept})["Content-Type"].startswith(JSON)
    assert_problem(script.get("/api/v1/nothing", headers={"Accept": accept}), 404, "not_found")


PATHS = {
    "unknown": ("/api/v1/nothing", 404),
    "a trailing slash": ("/api/v1/me/", 404),
    "another version": ("/api/v2/me", 404),
    "NUL": ("/api/v1/\x00", 404),
    "bad UTF-8": ("/api/v1/%ff%fe", 404),
    "Unicode digits": (f"{TOKENS}/\u0663\u0664", 404),
    "a superscript": (f"{TOKENS}/\u00b2", 404),
    "a sign": (f"{TOKENS}/-1", 404),
    "another token's id": (f"{TOKENS}/999999", 404),
    "more than 64 bits": (f"{TOKENS}/{2**64}", 404),
    "ten thousand digits": (f"{TOKENS}/{'9' * 3900}", 404),
    "hexadecimal": (f"{TOKENS}/0x1", 404),
    "dots": ("/api/v1/../v1/me", 404),
    "an encoded slash too many": (f"{TOKENS}%2Fself%2F", 404),
    "encoded twice": (f"{TOKENS}%252Fself", 404),
}


@pytest.mark.parametrize("with_token", [True, False], ids=["with token", "without"])
@pytest.mark.parametrize(("path", "status"), PATHS.values(), ids=PATHS)
def test_a_path_that_leads_nowhere(script: Client, path: str, status: int, with_token: bool) -> None:
    answer = (script if with_token else Client()).get(path)

    if not with_token and answer.status_code == 401:
        assert_problem(answer, 401, "credential_missing")
    else:
        assert_problem(answer, status, {404: "not_found"}[status])


QUERIES = {
    "an unknown name": ("state=active&sate=revoked", 422),
    "a number in Unicode digits": ("limit=\u0665", 422),
    "a number that is none": ("limit=1e3", 422),
    "too much": ("limit=100000", 422),
    "NUL": ("license=%00", 422),
    "bad UTF-8": ("license=%ff%fe", 200),
    "a cursor that is none": ("after=%00", 422),
    "a thousand parameters": ("&".join(f"a{number}=1" for number in range(300)), 400),
}


@pytest.mark.parametrize(("query", "status"), QUERIES.values(), ids=QUERIES)
def test_a_query_that_makes_no_sense(script: Client, query: str, status: int) -> None:
    answer = script.get(f"{TOKENS}?{query}")

    if status == 200:
        assert answer.json()["items"] == []
    else:
        assert_problem(answer, status, {422: "invalid_request", 400: "bad_request"}[status])


HEADERS = {
    "empty": ({"Authorization": ""}, 401, "credential_invalid"),
    "Basic": ({"Authorization": "Basic YWxpY2U6aHVudGVyMg=="}, 401, "credential_invalid"),
    "Digest": ({"Authorization": 'Digest username="a", realm="b", uri="/c,d"'}, 401, "credential_invalid"),
    "NUL": ({"Authorization": "Token trk_\x00"}, 401, "credential_invalid"),
    "bad UTF-8": ({"Authorization": "Token \xff\xfe"}, 401, "credential_invalid"),
    "Unicode": ({"Authorization": "Token \u0663"}, 401, "credential_invalid"),
    "64 KB": ({"Authorization": "Token " + "x" * 65_536}, 401, "credential_invalid"),
    "64 KB of commas": ({"Authorization": "Digest " + ",a=" * 21_845}, 401, "credential_invalid"),
    "64 KB of quotes": ({"Authorization": "Digest " + '"\\' * 32_768}, 401, "credential_invalid"),
    "two headers, joined": ({"Authorization": "Token a, Token b"}, 400, "credential_ambiguous"),
    "two kinds, joined": ({"Authorization": "Basic YTpi, Token b"}, 400, "credential_ambiguous"),
    "two kinds": ({"Authorization": "Token a", "api-token": "b"}, 400, "credential_ambiguous"),
    "two extra": ({"X-API-Key": "a", "api-token": "a"}, 400, "credential_ambiguous"),
    "a foreign host": ({"Host": "evil.example"}, 400, "bad_request"),
    "a host that is none": ({"Host": "a b\x00"}, 400, "bad_request"),
    "no length": ({"Transfer-Encoding": "chunked"}, 411, "length_required"),
    "a length that is none": ({"Content-Length": "\u0663"}, 400, "bad_request"),
    "a negative length": ({"Content-Length": "-1"}, 400, "bad_request"),
    "an absurd length": ({"Content-Length": "9" * 5000}, 413, "content_too_large"),
    "a length too large": ({"Content-Length": "1000001"}, 413, "content_too_large"),
}


@pytest.mark.parametrize(("headers", "status", "code"), HEADERS.values(), ids=HEADERS)
def test_headers_that_make_no_sense(
    db: None, headers: dict[str, str], status: int, code: str, django_assert_num_queries
) -> None:
    named = {name.replace("-", "_").upper(): value for name, value in headers.items()}
    special = {"CONTENT_LENGTH"}
    meta = {name if name in special else f"HTTP_{name}": value for name, value in named.items()}

    with django_assert_num_queries(0):
        response = Client().get(ME, **meta)

    problem = assert_problem(response, status, code)
    assert "hunter2" not in json.dumps(problem)


@pytest.mark.parametrize("scheme", ["Token", "Bearer"])
def test_a_token_in_other_digits_is_unknown(issued: Issued, scheme: str) -> None:
    """What looks like a digit to Python is none of ours."""
    text = issued.plaintext[:-6] + "".join(chr(0x0660 + number) for number in range(6))

    assert_problem(Client().get(ME, headers={"Authorization": f"{scheme} {text}"}), 401, "credential_invalid")


def test_nothing_that_was_sent_is_sent_back(script: Client) -> None:
    body = json.dumps({"name": 7, "<script>": "trk_" + "x" * 46})

    answer = script.patch(ME, body, content_type=JSON)

    assert "trk_" not in answer.text
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert Token.objects.count() == 1
