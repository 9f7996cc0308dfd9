"""nginx, Caddy, Traefik and Envoy in front of a service, and the real server behind them.

The service answers with what reached it, so that an answer of 200 says what came through.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.server.ports import free_port
from tests.server.proxies import FILES, Answer, Program, call, start_proxy, start_service

CALLS_PER_MINUTE = 100
INSIDE = [("Host", "tokens.example.org"), ("X-Forwarded-Proto", "https"), ("Content-Type", "application/json")]
SCENE = """
import json
import django

django.setup()

from django.core.management import call_command
from tests.factories import LicenseFactory, OrganizationFactory, issue

call_command("migrate", verbosity=0)
license = LicenseFactory(organization=OrganizationFactory(slug="meridian"), allowance=40)
scopes = {"reader": "reports:read", "writer": "reports:write", "other": "account:read"}
for name in ("nginx", "caddy", "traefik", "envoy"):
    scopes |= {f"doomed-{name}": "reports:write", f"busy-{name}": "reports:read"}
texts = {name: str(issue(license, name=name, scope=scope).plaintext) for name, scope in scopes.items()}
# Envoy takes a caller on its own machine for the machine's outer address, which is where we do not know, but not there.
bound = {"home": ["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/5", "::/0"], "abroad": ["203.0.113.0/24"]}
for name, networks in bound.items():
    texts[name] = str(issue(license, name=name, scope="reports:read", allowed_networks=networks).plaintext)
print(json.dumps({"user": license.user_id, **texts}))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of an installation whose own address is https and elsewhere: the proxies ask from inside."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('database')}/tokenrack.sqlite3",
        "SITE_URL": "https://tokens.example.org",
        "TOKEN_RESOURCES": "reports=Reports",
        "TRUSTED_PROXY_COUNT": "1",
        "API_CALLS_PER_MINUTE": str(CALLS_PER_MINUTE),
        "API_REFUSALS_PER_MINUTE": "100000",
        "RUN_CLOCK": "no",
        "BIND": "",
        "WEB_CONCURRENCY": "1",
        "PYTHONPATH": str(settings.BASE_DIR),
    }


@pytest.fixture(scope="module")
def tokenrack(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    port = free_port()
    config = Path(settings.BASE_DIR) / "config" / "gunicorn.py"
    command = [sys.executable, "-m", "gunicorn", "--config", str(config)]
    program = Program(command, tmp_path_factory.mktemp("tokenrack"), port, environment | {"PORT": str(port)})
    yield program.start()
    program.stop()


@pytest.fixture(scope="module")
def scene(environment: dict[str, str]) -> dict[str, Any]:
    made = subprocess.run(
        [sys.executable, "-c", SCENE], env=os.environ | environment, check=True, capture_output=True, text=True
    )
    return json.loads(made.stdout)


@pytest.fixture(scope="module")
def service() -> Iterator[int]:
    service = start_service()
    yield service.server_port
    service.shutdown()
    service.server_close()


@pytest.fixture(scope="module")
def proxies(
    scene: dict[str, Any], tokenrack: Program, service: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Program]]:
    """All of them at once: they start side by side."""
    tokenrack.wait()
    started = {
        name: start_proxy(name, tmp_path_factory.mktemp(name), tokenrack=tokenrack.port, service=service)
        for name in FILES
    }
    for program in started.values():
        program.wait()
    yield started
    for program in started.values():
        program.stop()


@pytest.fixture(params=FILES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def proxy(name: str, proxies: dict[str, Program]) -> int:
    return proxies[name].port


def seen(answer: Answer, prefix: str) -> dict[str, list[str]]:
    """What reached the service of headers that begin so, in any case and with any sign between the words."""
    found: dict[str, list[str]] = {}
    for name, value in answer.json()["headers"]:
        plain = name.lower().replace("_", "-")
        if plain.startswith(prefix):
            found.setdefault(plain, []).append(value)
    return found


def assert_problem(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert answer.headers.get_all("Content-Type") == ["application/problem+json"]
    challenges = answer.headers.get_all("WWW-Authenticate") or []
    assert [each.partition(" ")[0] for each in challenges] == ["Bearer"] * (status in {401, 403})
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize(("token", "code"), [("", "credential_missing"), ("nonsense", "credential_invalid")])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_good_token_the_caller_gets_our_refusal(proxy: int, token: str, code: str, method: str) -> None:
    answer = call(proxy, "/reports", method, token=token)

    assert_problem(answer, 401, code)


def test_a_good_call_reaches_the_service_as_it_was_and_says_who_calls(proxy: int, scene: dict[str, Any]) -> None:
    answer = call(proxy, "/reports/7?year=2026&resource=x&scope=any", "POST", token=scene["writer"])

    assert answer.status == 200
    assert (answer.json()["method"], answer.json()["path"]) == ("POST", "/reports/7?year=2026&resource=x&scope=any")
    identity = seen(answer, "x-auth")
    assert int(identity.pop("x-auth-token-id")[0])
    assert identity == {
        "x-auth-user": [str(scene["user"])],
        "x-auth-organization": ["meridian"],
        "x-auth-scopes": ["reports:write"],
    }


@pytest.mark.parametrize(
    "pretended", ["", "X-Original-Method", "X-Forwarded-Method", "X-HTTP-Method-Override", "X_Original_Method"]
)
def test_whoever_may_read_does_not_write_whatever_they_pretend(
    proxy: int, scene: dict[str, Any], pretended: str
) -> None:
    headers = [(pretended, "GET")] if pretended else []

    answers = {
        method: call(proxy, "/reports", method, token=scene["reader"], headers=headers)
        for method in ("GET", "POST", "DELETE")
    }

    assert answers["GET"].status == 200
    for method in ("POST", "DELETE"):
        assert_problem(answers[method], 403, "scope_missing")
        assert answers[method].json()["scope"] == "reports:write"


def test_another_method_does_not_hide_behind_the_one_that_was_checked(proxy: int, scene: dict[str, Any]) -> None:
    names = ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X_HTTP_Method_Override", "X-HTTP_Method"]

    answer = call(proxy, "/reports", token=scene["reader"], headers=[(name, "DELETE") for name in names])

    assert answer.status == 200
    assert seen(answer, "x-http-method") == seen(answer, "x-method") == {}


@pytest.mark.parametrize("path", ["/reports", "/health"])
def test_nobody_but_tokenrack_says_who_calls(proxy: int, scene: dict[str, Any], path: str) -> None:
    names = ["X-Auth-User", "x-auth-user", "X_Auth_User", "X-Auth_User", "X-AUTH-SCOPES", "X_AUTH-TOKEN_ID"]
    forged = [(name, "root") for name in [*names, *names, "X-Auth-Organization", "X_Auth_Organization"]]

    answer = call(proxy, path, token=scene["writer"], headers=forged)

    assert answer.status == 200
    identity = seen(answer, "x-auth")
    assert "root" not in str(identity)
    assert set(identity) == (
        {"x-auth-user", "x-auth-organization", "x-auth-scopes", "x-auth-token-id"} if path == "/reports" else set()
    )


def test_a_permission_for_something_else_is_not_enough(proxy: int, scene: dict[str, Any]) -> None:
    assert_problem(call(proxy, "/reports", token=scene["other"]), 403, "scope_missing")


def test_the_address_is_the_callers_own_whatever_they_say_of_it(proxy: int, scene: dict[str, Any]) -> None:
    names = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Envoy-External-Address")
    forged = [(name, "203.0.113.7") for name in names]

    assert call(proxy, "/reports", token=scene["home"], headers=forged).status == 200
    assert_problem(call(proxy, "/reports", token=scene["abroad"], headers=forged), 403, "address_denied")


def test_a_revocation_is_in_force_with_the_next_call(
    name: str, proxy: int, tokenrack: Program, scene: dict[str, Any]
) -> None:
    token = scene[f"doomed-{name}"]
    assert call(proxy, "/reports", token=token).status == 200

    assert call(tokenrack.port, "/api/v1/tokens/self/revoke", "POST", token=token, headers=INSIDE).status == 200

    assert_problem(call(proxy, "/reports", token=token), 401, "token_revoked")


def test_who_calls_too_often_is_told_when_to_come_back(
    name: str, proxy: int, tokenrack: Program, scene: dict[str, Any]
) -> None:
    token = scene[f"busy-{name}"]
    for _ in range(CALLS_PER_MINUTE):
        assert call(tokenrack.port, "/api/v1/forward-auth?scope=any", token=token).status == 204

    answer = call(proxy, "/reports", token=token)

    assert_problem(answer, 429, "rate_limited")
    assert answer.headers["Retry-After"].isdigit()


@pytest.mark.parametrize(
    "path",
    [
        "//reports",
        "/health/../reports",
        "/health/%2e%2e/reports",
        "/health%2f..%2freports",
        "/health/..%2freports",
        "/reports/..%2fhealth",
        "/reports/%2e%2e/health",
        "/reports%2f..%2fhealth",
        "/reports/../health",
        "/health;/../reports",
        "/health%00/reports",
        "/health%252f..%252freports",
        "/health\\..\\reports",
        "/_tokenrack",
        "/HEALTH",
    ],
)
def test_no_spelling_of_a_path_leads_around_the_check(proxy: int, path: str) -> None:
    answer = call(proxy, path)

    assert answer.status != 200 or answer.json()["path"] == "/health"


@pytest.mark.parametrize("size", [7_000, 100_000])
def test_a_large_header_leads_nowhere(proxy: int, scene: dict[str, Any], size: int) -> None:
    padding = [("X-Padding", "x" * size)]

    assert call(proxy, "/reports", headers=padding).status >= 400
    assert size > 10_000 or call(proxy, "/reports", token=scene["reader"], headers=padding).status == 200


def test_a_token_in_two_headers_is_refused(proxy: int, scene: dict[str, Any]) -> None:
    twice = [("Authorization", f"Bearer {scene['reader']}")]

    assert call(proxy, "/reports", token=scene["reader"], headers=twice).status >= 400


def test_while_tokenrack_is_down_nobody_is_let_through(
    scene: dict[str, Any], service: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nowhere = free_port()
    started = [start_proxy(name, tmp_path_factory.mktemp(name), tokenrack=nowhere, service=service) for name in FILES]
    try:
        answers = [call(program.wait().port, "/reports", token=scene["writer"]) for program in started]
    finally:
        for program in started:
            program.stop()

    assert all(500 <= answer.status < 600 for answer in answers)
