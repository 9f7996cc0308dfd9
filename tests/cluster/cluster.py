"""Two servers behind nginx, on one PostgreSQL and one Redis."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from tests.server.app import Server
from tests.server.ports import free_port
from tests.server.postgresql import PostgreSQL
from tests.server.proxies import Program, nginx
from tests.server.redis import RedisServer
from tests.waiting import PATIENCE_SECONDS, wait_for

NGINX = """
events {{ worker_connections 1024; }}
http {{
    access_log off;
    upstream tokenrack {{ server 127.0.0.1:{0} max_fails=0; server 127.0.0.1:{1} max_fails=0; }}
    server {{
        listen 127.0.0.1:{2};
        location / {{
            proxy_pass http://tokenrack;
            proxy_http_version 1.1;
            proxy_set_header Host localhost;
            proxy_set_header Connection close;
            proxy_set_header X-Forwarded-For $remote_addr;
        }}
    }}
}}
"""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: Any


@dataclass
class Cluster:
    postgresql: PostgreSQL
    redis: RedisServer
    database: str
    servers: tuple[Server, Server]
    front: Program

    @classmethod
    def make(cls, folder: Path, postgresql: PostgreSQL, redis: RedisServer, database: str) -> "Cluster":
        choices = {
            "DATABASE_URL": database,
            "REDIS_URL": redis.url,
            "WEB_CONCURRENCY": "2",
            "TRUSTED_PROXY_COUNT": "1",
            "TOKEN_ISSUES_PER_HOUR": "100000",
        }
        first, second = folder / "first", folder / "second"
        first.mkdir()
        second.mkdir()
        servers = Server(first, choices, port=free_port()), Server(second, choices, port=free_port())
        port = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(servers[0].port, servers[1].port, port))
        return cls(postgresql, redis, database, servers, Program(nginx(folder), folder, port))

    def start(self) -> None:
        for server in self.servers:
            server.start()
        self.front.start().wait()

    def stop(self) -> None:
        self.front.stop()
        for server in self.servers:
            if server.process and server.process.poll() is None:
                server.kill()

    @property
    def ports(self) -> tuple[int, int]:
        return self.servers[0].port, self.servers[1].port

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(sql, values).fetchall()

    def wait_until_all_answer(self, text: str) -> None:
        """Every thread of every process, as far as can be told: many calls at once are answered, then many in a row."""
        wait_for(
            lambda: all(self.answers(port, text) for port in self.ports),
            lambda: self.servers[0].log + self.servers[1].log,
        )

    def answers(self, port: int, text: str) -> bool:
        at_first = at_once(16, lambda _: call(port, text))
        return all(answer.status == 200 for answer in [*at_first, *(call(port, text) for _ in range(20))])


def call(port: int, text: str, path: str = "tokens/self", body: Any = None, **headers: str) -> Answer:
    """A GET, or the POST of a body; `method="PATCH"` among the headers makes it one."""
    method = headers.pop("method", "GET" if body is None else "POST")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        sent = {"Host": "localhost", "Authorization": f"Bearer {text}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        said = None if body is None else json.dumps(body)
        connection.request(method, f"/api/v1/{path}", said, sent)
        response = connection.getresponse()
        content = response.read()
        is_json = "json" in response.headers.get("Content-Type", "")
        return Answer(response.status, response.headers, json.loads(content) if is_json else content)
    finally:
        connection.close()


def at_once(count: int, act: Callable[[int], Result]) -> list[Result]:
    """What each of so many threads got that began together."""
    start = threading.Barrier(count)

    def run(number: int) -> Result:
        start.wait(PATIENCE_SECONDS)
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


class Load:
    """Threads that act again and again, and note the moment at which each act began."""

    def __init__(self, act: Callable[[int], Any], threads: int = 6, pause_seconds: float = 0) -> None:
        self.act, self.pause_seconds, self.is_over = act, pause_seconds, threading.Event()
        self.threads = [threading.Thread(target=self.run, args=[number], daemon=True) for number in range(threads)]
        self.lock = threading.Lock()
        self.seen: list[tuple[float, Any]] = []

    def run(self, number: int) -> None:
        while not self.is_over.wait(self.pause_seconds):
            began = time.monotonic()
            try:
                result = self.act(number)
            except (OSError, http.client.HTTPException) as error:
                result = error
            with self.lock:
                self.seen.append((began, result))

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)

    def wait_for(self, count: int) -> None:
        """Until so many more acts are over."""
        before = len(self.seen)
        wait_for(lambda: len(self.seen) >= before + count, lambda: f"{len(self.seen) - before} of {count}")

    def since(self, moment: float) -> list[Any]:
        """Results of acts that began after the moment."""
        return [result for began, result in self.seen if began > moment]


def statuses(answers: Iterable[Any]) -> set[Any]:
    return {answer.status if isinstance(answer, Answer) else repr(answer) for answer in answers}
