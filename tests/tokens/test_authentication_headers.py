"""The header forms in which a credential is understood, and those in which it is not."""

import pytest
from django.http import HttpRequest
from django.http.request import HttpHeaders
from hypothesis import example, given
from hypothesis import strategies as st

from tokens import refusals
from tokens.authentication import read_credential
from tokens.refusals import Refused

TEXT = "trk_" + "9fKdA0" + "x" * 36 + "Q2xA"


def headers(**values: str) -> HttpHeaders:
    """As a server hands them on: Api_Token="…" becomes api-token."""
    return HttpHeaders({f"HTTP_{name.upper()}": value for name, value in values.items()})


def authorization(value: str) -> HttpHeaders:
    return headers(authorization=value)


@pytest.mark.parametrize(
    "sent",
    [
        authorization(f"Token {TEXT}"),
        authorization(f"Bearer {TEXT}"),
        authorization(f"token {TEXT}"),
        authorization(f"BEARER {TEXT}"),
        authorization(f"bEaReR   {TEXT}"),
        authorization(f" \tToken {TEXT} \t"),
        authorization(f"Bearer Token {TEXT}"),
        authorization(f"Token Token {TEXT}"),
        authorization(f"token bearer {TEXT}"),
        headers(api_token=TEXT),
        headers(api_token=f"Token {TEXT}"),
        headers(x_api_key=f" {TEXT} "),
        headers(x_api_key=f"bearer {TEXT}"),
        headers(api_token=TEXT, cookie="sessionid=1", x_other="x"),
    ],
    ids=repr,
)
def test_one_credential_is_read_however_it_is_written(sent: HttpHeaders) -> None:
    assert read_credential(sent) == TEXT


@pytest.mark.parametrize("sent", [headers(), headers(cookie="sessionid=1"), headers(x_access_token=TEXT)], ids=repr)
def test_a_request_without_a_header_of_ours_brings_no_credential(sent: HttpHeaders) -> None:
    assert read_credential(sent) is None


def test_an_extra_header_counts_only_where_the_setting_names_it(settings) -> None:
    settings.TOKEN_EXTRA_HEADERS = ["X-API-Key"]

    assert read_credential(headers(api_token=TEXT)) is None
    assert read_credential(headers(x_api_key=TEXT)) == TEXT


@pytest.mark.parametrize(
    "sent",
    [
        headers(authorization=f"Token {TEXT}", api_token=TEXT),
        headers(authorization="Basic YTpi", x_api_key=TEXT),
        headers(api_token=TEXT, x_api_key=TEXT),
        headers(authorization="", api_token=TEXT),
        authorization(f"Token {TEXT}, Token {TEXT}"),
        authorization(f"Token {TEXT},"),
        authorization(f"Token {TEXT}, Basic YTpi"),
        authorization(f"Bearer, Token {TEXT}"),
        authorization(f"Basic YTpi,Token {TEXT}"),
        authorization(f", Token {TEXT}"),
        authorization(f'Digest username="a", realm="b", Token {TEXT}'),
        authorization(f'Digest username="a\\", b", Token {TEXT}'),
        headers(api_token=f"{TEXT},{TEXT}"),
    ],
    ids=repr,
)
def test_more_than_one_credential_is_ambiguous(sent: HttpHeaders) -> None:
    with pytest.raises(Refused) as refusal:
        read_credential(sent)

    assert refusal.value.refusal is refusals.AMBIGUOUS


@pytest.mark.parametrize(
    "sent",
    [
        authorization(""),
        authorization("Token"),
        authorization("Token "),
        authorization("Basic YTpi"),
        authorization('Digest username="alice", realm="a, Token b", nonce="c", qop=auth, nc = 00000001'),
        authorization('Digest username="alice\\", Token b", uri="/a,b"'),
        authorization('Digest username="alice, Token b'),
        authorization("AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host;range, Signature=d"),
        authorization("Basic YTpi,"),
        authorization('Digest a="' + '\\"' * 8000),
        authorization("Digest " + '"' * 16000 + ","),
        authorization("Tokens a, b=c"),
        authorization(TEXT),
        authorization(f"Tokens {TEXT}"),
        authorization(f"Token{TEXT}"),
        authorization(f"Token: {TEXT}"),
        authorization(f"Token\t{TEXT}"),
        authorization(f"Token {TEXT} {TEXT}"),
        authorization(f"Bearer Token Token {TEXT}"),
        authorization(f"Token {TEXT}\n"),
        authorization("Token tök"),
        authorization("Token " + "a" * 501),
        headers(api_token=""),
        headers(api_token="\u0130"),
        authorization("Bearer \u017f\u212a"),
        headers(api_token=f"Bearer Token {TEXT}"),
        headers(api_token=f"Basic {TEXT}"),
    ],
    ids=lambda sent: repr(sent)[:60],
)
def test_a_header_in_another_form_is_malformed(sent: HttpHeaders) -> None:
    with pytest.raises(Refused) as refusal:
        read_credential(sent)

    assert refusal.value.refusal is refusals.INVALID


@given(st.text())
@example("Token \u212a")
def test_any_header_at_all_gets_an_answer(value: str) -> None:
    try:
        text = read_credential(authorization(value))
    except Refused as refused:
        text = refused.refusal.code

    assert text in {"credential_invalid", "credential_ambiguous"} or value.strip(" \t").endswith(f" {text}")


def test_the_headers_of_a_real_request_are_read() -> None:
    request = HttpRequest()
    request.META["HTTP_AUTHORIZATION"] = f"Token {TEXT}"

    assert read_credential(request.headers) == TEXT
