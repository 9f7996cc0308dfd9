"""What the environment may say: every mistake stops the start with one sentence that names the setting."""

import base64
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.environment import Environment, SettingError, Site

ROOT = Path(settings.BASE_DIR)
KEY = base64.b64encode(b"k" * 32).decode()


CALLS: dict[str, Callable[[Environment], Any]] = {
    "NAME": lambda env: env.text("NAME"),
    "SECRET_KEY": lambda env: env.secret("SECRET_KEY"),
    "SIGN_UP_OPEN": lambda env: env.flag("SIGN_UP_OPEN", False),
    "COUNT": lambda env: env.number("COUNT", 3, at_least=1, at_most=10),
    "REVEAL": lambda env: env.one_of("REVEAL", ("never", "recent-sign-in")),
    "DATABASE_URL": lambda env: env.url_of_service("DATABASE_URL", "sqlite:////tmp/x.sqlite3", "db"),
    "EMAIL_URL": lambda env: env.url_of_service("EMAIL_URL", "consolemail://", "email"),
    "SITE_URL": lambda env: env.site(),
    "TOKEN_PEPPERS": lambda env: env.numbered_keys("TOKEN_PEPPERS"),
    "ACCOUNT_TOKEN_KEYS": lambda env: env.fernet_keys("ACCOUNT_TOKEN_KEYS"),
    "TOKEN_PREFIX": lambda env: env.token_prefix("TOKEN_PREFIX", "trk_"),
    "TOKEN_EXTRA_HEADERS": lambda env: env.header_names("TOKEN_EXTRA_HEADERS"),
    "TOKEN_RESOURCES": lambda env: env.resources("TOKEN_RESOURCES", {"account": "Yours"}),
    "API_PATH_PREFIX": lambda env: env.path_prefix("API_PATH_PREFIX", "/api/"),
    "REDIS_URL": lambda env: env.redis_url("REDIS_URL"),
    "TIME_ZONE": lambda env: env.time_zone("TIME_ZONE", "UTC"),
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str | None], Any]:
    """Reads one setting from an environment in which it has the given value, or is missing."""

    def read(name: str, value: str | None) -> Any:
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
        return CALLS[name](Environment(Path("/nonexistent/.env")))

    return read


A_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("NAME", " Tokenrack ", "Tokenrack"),
        ("SECRET_KEY", "s" * 32, "s" * 32),
        ("SECRET_KEY", "$" + "s" * 32, "$" + "s" * 32),
        ("SIGN_UP_OPEN", "Yes", True),
        ("SIGN_UP_OPEN", "off", False),
        ("SIGN_UP_OPEN", None, False),
        ("COUNT", "10", 10),
        ("COUNT", None, 3),
        ("REVEAL", None, "never"),
        ("REVEAL", "recent-sign-in", "recent-sign-in"),
        ("TOKEN_PEPPERS", f"1:{KEY}, 12:{KEY}", {1: b"k" * 32, 12: b"k" * 32}),
        ("TOKEN_PEPPERS", "1:" + base64.urlsafe_b64encode(b"\xff" * 32).decode(), {1: b"\xff" * 32}),
        ("TOKEN_PEPPERS", "1:" + base64.b64encode(b"\xff" * 32).decode(), {1: b"\xff" * 32}),
        ("ACCOUNT_TOKEN_KEYS", None, []),
        ("TOKEN_PREFIX", "acme_", "acme_"),
        ("TOKEN_EXTRA_HEADERS", "api-token, X-API-Key,", ["api-token", "X-API-Key"]),
        ("TOKEN_EXTRA_HEADERS", None, []),
        ("TOKEN_RESOURCES", "jobs=Your jobs,maps", {"account": "Yours", "jobs": "Your jobs", "maps": ""}),
        ("API_PATH_PREFIX", "/tokens/api/", "/tokens/api/"),
        ("REDIS_URL", None, ""),
        ("REDIS_URL", "redis://redis.example.org", "redis://redis.example.org"),
        ("REDIS_URL", "rediss://user:pw@[2001:db8::1]:6380/2", "rediss://user:pw@[2001:db8::1]:6380/2"),
        ("REDIS_URL", "unix:///run/redis.sock?db=2", "unix:///run/redis.sock?db=2"),
        ("TIME_ZONE", "Europe/Oslo", "Europe/Oslo"),
    ],
)
def test_a_setting_is_read_as_it_is_meant(read, name: str, value: str | None, meant: object) -> None:
    assert read(name, value) == meant


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("NAME", None, "is not set"),
        ("NAME", "  ", "is not set"),
        ("SECRET_KEY", None, "is not set"),
        ("SECRET_KEY", "s" * 31, "too short"),
        ("SIGN_UP_OPEN", "perhaps", "must be yes or no"),
        ("COUNT", "0", "from 1 to 10"),
        ("COUNT", "11", "from 1 to 10"),
        ("COUNT", "ten", "from 1 to 10"),
        ("COUNT", "-1", "from 1 to 10"),
        ("COUNT", "1.5", "from 1 to 10"),
        ("COUNT", "٣", "from 1 to 10"),
        ("REVEAL", "always", "one of: never, recent-sign-in"),
        ("DATABASE_URL", "garbage", "DATABASE_URL"),
        ("DATABASE_URL", "mysql://user:pw@host/name", "must begin with one of: sqlite:, postgres:, postgresql:"),
        ("DATABASE_URL", "postgres://user:pw@host:port/name", "cannot be understood"),
        ("EMAIL_URL", "garbage", "must begin with"),
        ("EMAIL_URL", "filemail:///var/mail", "must begin with"),
        ("EMAIL_URL", "smtp://user:pw@host:port", "cannot be understood"),
        ("SITE_URL", "tokens.example.org", "must look like"),
        ("SITE_URL", "ftp://tokens.example.org", "must look like"),
        ("SITE_URL", "https://", "must look like"),
        ("SITE_URL", "https://tokens.example.org/tokens", "must look like"),
        ("SITE_URL", "https://tokens.example.org?a=b", "must look like"),
        ("SITE_URL", "https://tokens.example.org#top", "must look like"),
        ("SITE_URL", "https://tokens.example.org:99999", "must look like"),
        ("SITE_URL", "https://user:pw@tokens.example.org", "must look like"),
        ("SITE_URL", "https://tokens example.org", "must look like"),
        ("SITE_URL", "http://[::1", "must look like"),
        ("TOKEN_PEPPERS", None, "is not set"),
        ("TOKEN_PEPPERS", KEY, "not a number of its own"),
        ("TOKEN_PEPPERS", f"x:{KEY}", "not a number of its own"),
        ("TOKEN_PEPPERS", f"1:{KEY},1:{KEY}", "not a number of its own"),
        ("TOKEN_PEPPERS", f"1:{KEY},01:{KEY}", "not a number of its own"),
        ("TOKEN_PEPPERS", f"1:{KEY},", "not a number of its own"),
        ("TOKEN_PEPPERS", "1:!!!!", "entry 1 is not base64"),
        ("TOKEN_PEPPERS", "1:pfeffermühle", "entry 1 is not base64"),
        ("TOKEN_PEPPERS", "1:" + base64.b64encode(b"k" * 31).decode(), "entry 1 has 31 bytes"),
        ("ACCOUNT_TOKEN_KEYS", f"{A_KEY},short", "key 2 is not a Fernet key"),
        ("TOKEN_PREFIX", "trk", "then an underscore"),
        ("TOKEN_PREFIX", "Trk_", "then an underscore"),
        ("TOKEN_PREFIX", "t_", "then an underscore"),
        ("TOKEN_PREFIX", "a_b_", "then an underscore"),
        ("TOKEN_EXTRA_HEADERS", "api token", "cannot be an extra header name"),
        ("TOKEN_EXTRA_HEADERS", "api_token", "cannot be an extra header name"),
        ("TOKEN_EXTRA_HEADERS", "Authorization", "cannot be an extra header name"),
        ("TOKEN_EXTRA_HEADERS", "X-Key,COOKIE", "cannot be an extra header name"),
        ("TOKEN_EXTRA_HEADERS", "X-Key,x-key", "TOKEN_EXTRA_HEADERS"),
        ("TOKEN_RESOURCES", "Jobs=Yours", "cannot be a resource"),
        ("TOKEN_RESOURCES", "account=Mine", "cannot be a resource"),
        ("TOKEN_RESOURCES", "jobs:read", "cannot be a resource"),
        ("API_PATH_PREFIX", "api/", "begin and end with a slash"),
        ("API_PATH_PREFIX", "/api", "begin and end with a slash"),
        ("API_PATH_PREFIX", "/", "begin and end with a slash"),
        ("REDIS_URL", "garbage", "must look like"),
        ("REDIS_URL", "http://redis.example.org", "must look like"),
        ("REDIS_URL", "redis://", "must look like"),
        ("REDIS_URL", "redis://:hunter2@redis.example.org:port/0", "must look like"),
        ("REDIS_URL", "redis://redis.example.org:99999", "must look like"),
        ("REDIS_URL", "redis://redis.example.org/first", "must look like"),
        ("REDIS_URL", "redis://[::1", "must look like"),
        ("REDIS_URL", "unix://", "must look like"),
        ("REDIS_URL", "redis://redis.example.org?socket_timeout=soon", "cannot be understood"),
        ("TIME_ZONE", "Oslo", "no time zone"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_that_names_the_setting(
    read, name: str, value: str | None, sentence: str
) -> None:
    with pytest.raises(SettingError) as mistake:
        read(name, value)

    assert str(mistake.value).startswith(name)
    assert sentence in str(mistake.value)
    assert "\n" not in str(mistake.value)


@pytest.mark.parametrize(
    ("name", "url"),
    [("DATABASE_URL", "postgres://user:hunter2@host:port/name"), ("REDIS_URL", "redis://:hunter2@host:port/0")],
)
def test_a_password_in_a_url_that_cannot_be_read_is_not_repeated(read, name: str, url: str) -> None:
    with pytest.raises(SettingError) as mistake:
        read(name, url)

    assert "hunter2" not in str(mistake.value)


@pytest.mark.parametrize(
    ("url", "hosts", "origins"),
    [
        ("https://tokens.example.org", ["tokens.example.org"], ["https://tokens.example.org"]),
        ("https://tokens.example.org/", ["tokens.example.org"], ["https://tokens.example.org"]),
        ("https://Tokens.Example.ORG", ["tokens.example.org"], ["https://tokens.example.org"]),
        ("HTTPS://tokens.example.org", ["tokens.example.org"], ["https://tokens.example.org"]),
        ("https://tokens.example.org:8443", ["tokens.example.org"], ["https://tokens.example.org:8443"]),
        ("https://[2001:db8::1]:8443", ["[2001:db8::1]"], ["https://[2001:db8::1]:8443"]),
        (
            "http://localhost:8000",
            ["localhost", "127.0.0.1", "[::1]"],
            ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"],
        ),
    ],
)
def test_the_site_url_drives_hosts_and_origins(read, url: str, hosts: list[str], origins: list[str]) -> None:
    result: Site = read("SITE_URL", url)

    assert (result.allowed_hosts, result.trusted_origins) == (hosts, origins)
    assert result.is_https is url.lower().startswith("https")


@pytest.mark.parametrize(
    ("url", "proxies", "expected"),
    [
        ("http://localhost:8000", "0", {"SESSION_COOKIE_SECURE": None, "SECURE_SSL_REDIRECT": None}),
        ("https://t.example", "0", {"SESSION_COOKIE_SECURE": True, "SECURE_PROXY_SSL_HEADER": None}),
        ("https://t.example", "1", {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}),
        ("https://t.example", "0", {"ALLOWED_HOSTS": ["t.example"], "CSRF_TRUSTED_ORIGINS": ["https://t.example"]}),
    ],
)
def test_the_settings_follow_the_site_url(
    monkeypatch: pytest.MonkeyPatch, url: str, proxies: str, expected: dict[str, object]
) -> None:
    monkeypatch.setenv("SITE_URL", url)
    monkeypatch.setenv("TRUSTED_PROXY_COUNT", proxies)

    loaded = runpy.run_path(str(ROOT / "config" / "settings.py"))

    assert {name: loaded.get(name) for name in expected} == expected


def test_redis_takes_the_cache_and_leaves_the_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://redis.example.org")

    loaded = runpy.run_path(str(ROOT / "config" / "settings.py"))

    assert loaded["CACHES"]["default"]["BACKEND"] == "config.shared_cache.SharedCache"
    assert loaded["SESSION_ENGINE"] == "accounts.session_store"


def test_revealing_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNT_TOKEN_REVEAL", "recent-sign-in")
    runpy.run_path(str(ROOT / "config" / "settings.py"))
    monkeypatch.setenv("ACCOUNT_TOKEN_KEYS", " ")

    with pytest.raises(SettingError, match="needs ACCOUNT_TOKEN_KEYS"):
        runpy.run_path(str(ROOT / "config" / "settings.py"))


def check(**broken: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **broken}
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def test_a_sound_environment_passes_the_check() -> None:
    assert check().returncode == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_PEPPERS", "1:short"),
        ("SITE_URL", "http://[::1"),
        ("DATABASE_URL", "garbage"),
        ("REDIS_URL", "garbage"),
    ],
)
def test_a_broken_setting_ends_the_start_with_one_line_and_no_traceback(name: str, value: str) -> None:
    result = check(**{name: value})

    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Tokenrack cannot start: {name}")
