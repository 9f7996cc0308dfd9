"""docs/in-process.md is literally true: a project made of its code blocks alone starts and lets tokens in."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.tokens.protect.conftest import EXAMPLE

PAGE = Path(settings.BASE_DIR) / "docs" / "in-process.md"
BLOCK = re.compile(r"```python\n(# (\S+)\n.*?)```", re.DOTALL)

CALLS = """
import django
django.setup()

import json
from datetime import timedelta
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from django.utils import timezone
from accounts.actor import SYSTEM
from accounts.models import License, User
from tokens import lifecycle
from tokens.ledger import ledger
from tokens.models import TokenDay

call_command("migrate", verbosity=0)
setup_test_environment()
alice = User.objects.create_user(email="alice@example.org", password=None)
license = License.objects.create(user=alice, name="Studio", number="ST-1")
expires_at = timezone.now() + timedelta(days=60)
issued = lifecycle.issue(actor=SYSTEM, license=license, name="r", scope=["reports:read"], expires_at=expires_at)
paths = ["/plain/monthly", "/plain/search", "/plain/reports/7", "/ninja/monthly", "/drf/monthly"]
said = {}
for address in ["192.0.2.7", "198.51.100.7"]:
    script = Client(headers={"Authorization": "Bearer " + issued.plaintext}, REMOTE_ADDR=address)
    for path in paths:
        said[path] = [script.get(path).status_code, Client().get(path).json()["code"]]
ledger.flush()
from django.core import mail
print(json.dumps({"said": said, "calls": TokenDay.objects.get().calls, "letters": [each.to for each in mail.outbox]}))
"""


def blocks() -> dict[str, str]:
    return {path: text for text, path in BLOCK.findall(PAGE.read_text())}


def test_the_page_shows_the_files_that_the_tests_run() -> None:
    files = {
        str(file.relative_to(EXAMPLE)): file.read_text() for file in EXAMPLE.rglob("*.py") if file.name != "__init__.py"
    }

    assert blocks() == files
    assert PAGE.read_text().count("```python") == len(files)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with what the page shows, and nothing else."""
    (tmp_path / "reports").mkdir()
    for path, text in blocks().items():
        (tmp_path / path).write_text(text)
    return tmp_path


def run(project: Path, *arguments: str) -> str:
    environment = {name: os.environ[name] for name in ("PATH", "ENV_FILE", "SECRET_KEY", "TOKEN_PEPPERS")} | {
        "PYTHONPATH": f"{project}{os.pathsep}{settings.BASE_DIR}",
        "DJANGO_SETTINGS_MODULE": "reports.settings",
        "DATABASE_URL": f"sqlite:///{project / 'reports.sqlite3'}",
    }
    process = subprocess.run(
        [sys.executable, *arguments], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_a_project_of_what_the_page_shows_starts_lets_tokens_in_and_writes_letters(project: Path) -> None:
    run(project, "-m", "django", "check", "--fail-level", "WARNING")

    answer = json.loads(run(project, "-c", CALLS))

    assert len(answer["said"]) == 5
    assert all(said == [200, "credential_missing"] for said in answer["said"].values())
    assert answer["calls"] == 10
    assert answer["letters"] == [["alice@example.org"]]
