"""The first start writes secrets of its own, for nobody else to read, and never over others."""

import stat
from pathlib import Path

import pytest

from config import first_env
from config.environment import Environment


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SECRET_KEY", "TOKEN_PEPPERS", "ACCOUNT_TOKEN_KEYS", "MFA_KEYS", "TOKEN_EXTRA_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    assert first_env.write(tmp_path / ".env")
    return tmp_path / ".env"


def test_only_its_owner_may_read_it(written: Path) -> None:
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_a_file_that_is_there_stays_as_it_is(written: Path) -> None:
    before = written.read_text()

    assert not first_env.write(written)
    assert written.read_text() == before


def test_two_installations_share_no_secret(written: Path, tmp_path: Path) -> None:
    first_env.write(tmp_path / "other")

    assert first_env.random_key() != first_env.random_key()
    assert written.read_text().split("SECRET_KEY=")[1][:50] not in (tmp_path / "other").read_text()


def test_what_it_says_is_understood(written: Path) -> None:
    environment = Environment(written)

    assert len(environment.secret("SECRET_KEY")) >= 50
    assert len(environment.numbered_keys("TOKEN_PEPPERS")[1]) == 32
    assert len(environment.fernet_keys("ACCOUNT_TOKEN_KEYS")) == 1
    assert len(environment.fernet_keys("MFA_KEYS")) == 1
    assert environment.header_names("TOKEN_EXTRA_HEADERS") == ["api-token", "X-API-Key"]
