"""docs/install.md, block by block, in a folder that stands for the machine.

What needs root or systemd is left out and stands in another test: the user, the packages, the units (test_deploy).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.deployed import HOST, ROOT, Deployed
from tests.server.postgresql import PROGRAMS, PostgreSQL
from tests.walked import Block, blocks_of

PAGE = ROOT / "docs" / "install.md"
LEFT_OUT = {"root", "systemd", "served"}
OPERATOR, PASSWORD = "operator@example.org", "a-long-passphrase-of-an-operator"
NOT_INSTALLED = shutil.ignore_patterns(".git", ".venv", ".env", "staticfiles", ".*_cache", "*.sqlite3*", "__pycache__")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A bare one: the release in its place, an empty PostgreSQL, nginx without a site."""
    postgresql = PostgreSQL()
    folder = tmp_path_factory.mktemp("m")
    machine = Deployed(folder)
    try:
        postgresql.start()
        machine.code = folder / "opt"
        shutil.copytree(ROOT, machine.code, ignore=NOT_INSTALLED)
        (machine.code / "deploy" / "nginx.conf").write_text(machine.site)
        for place in ("sites-available", "sites-enabled"):
            (folder / "nginx" / place).mkdir(parents=True)
        (folder / "environment").unlink()
        machine.more = {
            "PATH": f"{postgresql.folder / PROGRAMS / 'bin'}:{os.environ['PATH']}",
            "PGHOST": str(postgresql.folder),  # its socket, which on Debian is where everybody looks
            "PGPORT": str(postgresql.port),
            "PIP_DRY_RUN": "1",  # it finds everything there; the tests' own environment stays as it is
            "PIP_NO_INDEX": "1",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }
        yield machine
    finally:
        machine.stop()
        postgresql.remove()


def follow(machine: Deployed, blocks: list[Block]) -> None:
    """As whoever the block is for; functions that an earlier one made are there in a later one."""
    made = ""
    for block in blocks:
        machine.more["PGUSER"] = "postgres" if block.mark == "postgresql" else "tokenrack"
        text = block.text
        if block.mark == "asks for a password":
            text = text.replace("createsuperuser", f"createsuperuser --noinput --email {OPERATOR}")
        machine.follow(f"{made}\n{text}")
        made += "".join(re.findall(r"^\w+\(\) \{.*?\}\n", text, re.MULTILINE | re.DOTALL))


def test_whoever_follows_the_page_can_sign_in_over_https(machine: Deployed) -> None:
    steps = [block for block in blocks_of(PAGE) if block.mark not in LEFT_OUT]

    (machine.folder / "nginx.conf").write_text(
        f"pid {machine.folder}/pid;\nevents {{}}\nhttp {{ include {machine.folder}/nginx/sites-enabled/*; }}\n"
    )
    follow(machine, steps)
    machine.more["PGUSER"] = "tokenrack"
    machine.start()
    machine.proxy.start()
    machine.wait_for_proxy()

    (address,) = [re.search(r"https://\S+", block.text) for block in blocks_of(PAGE) if block.mark == "served"]
    assert address
    assert machine.get(address[0].removeprefix(f"https://{HOST}")).text == "ok\n"
    page = machine.get("/account/login/")
    assert page.status_code == 200
    (style,) = re.findall(r'href="(/static/css/app[^"]+)"', page.text)
    assert machine.get(style).status_code == 200
    assert stat_of(machine.folder / "environment") == "600"
    assert "unbroken" in machine.manage("verifyaudit")
    assert machine.manage("shell", "--verbosity", "0", "--command", CHECK_OPERATOR).strip() == "True"


CHECK_OPERATOR = f"""
from django.contrib.auth import get_user_model
person = get_user_model().objects.get(email="{OPERATOR}", is_superuser=True)
print(person.check_password("{PASSWORD}"))
"""


def stat_of(file: Path) -> str:
    return f"{file.stat().st_mode & 0o777:o}"


def test_every_block_is_followed_or_left_out_for_a_reason() -> None:
    marks = [block.mark for block in blocks_of(PAGE)]
    left_out = [block for block in blocks_of(PAGE) if block.mark in LEFT_OUT]

    assert set(marks) == {"root", "run", "postgresql", "asks for a password", "systemd", "served", "again"}
    assert all(re.search(r"apt-get|useradd|systemctl|curl", block.text) for block in left_out)
    assert marks.count("run") >= 4


def test_what_is_left_out_is_at_least_a_shell_that_can_be_read() -> None:
    for block in blocks_of(PAGE):
        done = subprocess.run(["bash", "-n", "-c", block.text], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
