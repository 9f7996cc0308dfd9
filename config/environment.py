"""What the environment may say, read and checked once, so that a mistake stops the start with one clear sentence."""

import base64
import binascii
import hmac
import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
SMALLEST_SECRET_BYTES = 32
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
SCHEMES = {
    "db": ("sqlite", "postgres", "postgresql"),
    "email": ("smtp", "smtp+tls", "smtp+ssl", "consolemail", "memorymail", "dummymail"),
}


class SettingError(Exception):
    """One sentence that names the setting and what it may be.

    Not Django's ImproperlyConfigured, which the management commands swallow here and there.
    """


def derived_key(secret: str, purpose: str) -> str:
    """A Fernet key that follows from a secret, another one for each purpose."""
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), purpose.encode(), "sha256")).decode()


@dataclass(frozen=True)
class Site:
    """The one public address, taken apart: everything that depends on it is derived here."""

    url: str
    scheme: str
    host: str

    @property
    def is_https(self) -> bool:
        return self.scheme == "https"

    @property
    def allowed_hosts(self) -> list[str]:
        return list(LOOPBACK_NAMES) if self.host in LOOPBACK_NAMES else [self.host]

    @property
    def trusted_origins(self) -> list[str]:
        port = self.url.removeprefix(f"{self.scheme}://{self.host}")
        return [f"{self.scheme}://{host}{port}" for host in self.allowed_hosts]


class Environment:
    """Typed access to the settings of one process. Every method raises SettingError with a sentence for people."""

    def __init__(self, env_file: Path) -> None:
        self.env = environ.Env()
        if env_file.is_file():
            self.env.read_env(str(env_file))

    def text(self, name: str, default: str | None = None) -> str:
        value = os.environ.get(name, default or "").strip()
        if not value and default is None:
            raise SettingError(f"{name} is not set. `make run` writes one into .env; see README, Settings.")
        return value

    def secret(self, name: str) -> str:
        value = self.text(name)
        if len(value) < SMALLEST_SECRET_BYTES:
            raise SettingError(f"{name} is too short: it needs at least {SMALLEST_SECRET_BYTES} characters.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, "yes" if default else "no").lower()
        if value in {"1", "yes", "true", "on"}:
            return True
        if value in {"0", "no", "false", "off"}:
            return False
        raise SettingError(f"{name} is {value!r}, but it must be yes or no.")

    def number(self, name: str, default: int, *, at_least: int = 0, at_most: int = 1_000_000) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", value) or not at_least <= int(value) <= at_most:
            raise SettingError(f"{name} is {value!r}, but it must be a number from {at_least} to {at_most}.")
        return int(value)

    def words(self, name: str) -> list[str]:
        return [word.strip() for word in self.text(name, "").split(",") if word.strip()]

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, choices[0])
        if value not in choices:
            raise SettingError(f"{name} is {value!r}, but it must be one of: {', '.join(choices)}.")
        return value

    def url_of_service(self, name: str, default: str, kind: str) -> Any:
        """A database or mail URL, as django-environ reads it. Errors do not repeat it: it may hold a password."""
        value = self.text(name, default)
        schemes = SCHEMES[kind]
        if value.partition(":")[0] not in schemes:
            raise SettingError(f"{name} must begin with one of: {', '.join(f'{scheme}:' for scheme in schemes)}.")
        try:
            return getattr(self.env, f"{kind}_url_config")(value)
        except (KeyError, ValueError, environ.ImproperlyConfigured):
            raise SettingError(f"{name} cannot be understood.") from None

    def redis_url(self, name: str) -> str:
        """Empty where none is set. Errors do not repeat it: it may hold a password."""
        value = self.text(name, "")
        if value and not is_redis_url(value):
            raise SettingError(f"{name} must look like redis://host:6379/0, rediss://host:6379/0 or unix:///path.")
        if value:
            from redis import ConnectionPool  # only where it is asked for

            try:
                ConnectionPool.from_url(value)
            except (ValueError, TypeError):
                raise SettingError(f"{name} cannot be understood.") from None
        return value

    def site(self) -> Site:
        value = self.text("SITE_URL", "http://localhost:8000").rstrip("/")
        try:
            parts = urlsplit(value)
            scheme, name, port = parts.scheme, parts.hostname or "", parts.port
        except ValueError:
            scheme, name, port = "", "", None
        host = f"[{name}]" if ":" in name else name
        url = f"{scheme}://{host}" + (f":{port}" if port is not None else "")
        if scheme not in {"http", "https"} or not HOST.fullmatch(host) or value.lower() != url:
            raise SettingError(f"SITE_URL is {value!r}, but it must look like https://tokens.example.org.")
        return Site(url=url, scheme=scheme, host=host)

    def address(self, name: str) -> tuple[str, int] | None:
        """Where to listen, `127.0.0.1:9100` or `[::1]:9100`; None where nothing is said."""
        value = self.text(name, "")
        if not value:
            return None
        host, _, port = value.rpartition(":")
        host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        try:
            ip_address(host)
        except ValueError:
            port = ""
        if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65_536:
            raise SettingError(f"{name} is {value!r}, but it must look like 127.0.0.1:9100 or [::1]:9100.")
        return host, int(port)

    def numbered_keys(self, name: str, default: str | None = None) -> dict[int, bytes]:
        """`1:<base64>,2:<base64>`: secrets by number, at least 32 bytes each. None at all only with a default."""
        keys: dict[int, bytes] = {}
        value = self.text(name, default)
        for entry in value.split(",") if value else []:
            number, _, encoded = entry.strip().partition(":")
            if not re.fullmatch(r"[0-9]{1,4}", number) or int(number) in keys:
                raise SettingError(f"{name}: {number!r} is not a number of its own. Write it as 1:<base64>,2:<base64>.")
            try:
                key = base64.b64decode(encoded, altchars=b"-_", validate=True)
            except ValueError:
                raise SettingError(f"{name}: entry {number} is not base64.") from None
            if len(key) < SMALLEST_SECRET_BYTES:
                raise SettingError(f"{name}: entry {number} has {len(key)} bytes; it needs {SMALLEST_SECRET_BYTES}.")
            keys[int(number)] = key
        return keys

    def fernet_keys(self, name: str) -> list[str]:
        keys = self.words(name)
        for position, key in enumerate(keys, start=1):
            try:
                Fernet(key)
            except (ValueError, binascii.Error):
                raise SettingError(
                    f"{name}: key {position} is not a Fernet key (32 bytes in URL-safe base64)."
                ) from None
        return keys

    def token_prefix(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if not re.fullmatch(r"[a-z][a-z0-9]{1,11}_", value):
            raise SettingError(f"{name} is {value!r}, but it must be 2 to 12 of a-z and 0-9, then an underscore.")
        return value

    def header_names(self, name: str) -> list[str]:
        names = self.words(name)
        for header in names:
            if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", header) or header.lower() in {
                "authorization",
                "cookie",
            }:
                raise SettingError(f"{name}: {header!r} cannot be an extra header name.")
        if len({header.lower() for header in names}) < len(names):
            raise SettingError(f"{name} names a header twice.")
        return names

    def resources(self, name: str, builtin: dict[str, str]) -> dict[str, str]:
        """`search=Queries and saved searches,exports=Exports`: more resources, with the words that explain them."""
        resources = dict(builtin)
        for entry in self.words(name):
            resource, _, description = entry.partition("=")
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,29}", resource) or resource in builtin:
                raise SettingError(f"{name}: {resource!r} cannot be a resource. Use small letters, digits and hyphens.")
            resources[resource] = description.strip()
        return resources

    def path_prefix(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if not re.fullmatch(r"/(?:[a-z0-9-]+/)+", value):
            raise SettingError(f"{name} is {value!r}, but it must begin and end with a slash, like /api/.")
        return value

    def time_zone(self, name: str, default: str) -> str:
        from zoneinfo import available_timezones

        value = self.text(name, default)
        if value not in available_timezones():
            raise SettingError(f"{name} is {value!r}, which is no time zone. Use a name like Europe/Oslo.")
        return value


def is_redis_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme == "unix":
        return not host and len(parts.path) > 1
    is_served = parts.scheme in {"redis", "rediss"} and bool(host) and port != 0
    return is_served and re.fullmatch(r"/?[0-9]{0,4}", parts.path) is not None
