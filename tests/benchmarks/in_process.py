"""A call in process: the whole of Django's handler with its middleware, from the environ to the last byte.

Contenders take turns, and each round gives the ratio to the limit of the same round; the median of these ratios is what
holds on a noisy machine. Times are processor time of the thread.
"""

import gc
import io
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from tests.benchmarks.stage import Texts, mistyped, unknown_text

CALLS = 200
ROUNDS = 25


@dataclass
class Contender:
    name: str
    application: Callable[..., Any]
    path: str
    authorization: str
    status: str = "200 OK"
    queries: int = 0
    micros: list[float] = field(default_factory=list)

    def call(self) -> None:
        answer: list[str] = []
        response = self.application(environ_of(self.path, self.authorization), lambda status, _: answer.append(status))
        for _ in response:
            pass
        response.close()
        assert answer == [self.status], (self.name, answer)

    def count_queries(self) -> None:
        self.call()
        with CaptureQueriesContext(connection) as queries:
            self.call()
        self.queries = len(queries)

    def measure(self) -> None:
        gc.collect()
        gc.disable()
        begun = time.thread_time_ns()
        for _ in range(CALLS):
            self.call()
        self.micros.append((time.thread_time_ns() - begun) / CALLS / 1000)
        gc.enable()


def environ_of(path: str, authorization: str) -> dict[str, Any]:
    """As gunicorn makes it."""
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "RAW_URI": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "bench",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "40000",
        "HTTP_HOST": "localhost:8000",
        "HTTP_USER_AGENT": "bench/1.0",
        "HTTP_ACCEPT": "*/*",
        "HTTP_AUTHORIZATION": authorization,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def contenders(texts: Texts) -> list[Contender]:
    """Ours behind its whole stack; everybody else behind no middleware at all."""
    ours = WSGIHandler()
    with override_settings(MIDDLEWARE=[]):
        bare = WSGIHandler()
    refused = "401 Unauthorized"
    return [
        Contender("limit", bare, "/bench/limit", texts.limit),
        Contender("bare view, no check", bare, "/bench/bare", texts.limit),
        Contender("Tokenrack", ours, "/api/v1/me", f"Token {texts.ours}"),
        Contender("Tokenrack, wrong checksum", ours, "/api/v1/me", f"Token {mistyped(texts.ours)}", refused),
        Contender("Tokenrack, garbage", ours, "/api/v1/me", "Token garbage", refused),
        Contender("Tokenrack, unknown", ours, "/api/v1/me", f"Token {unknown_text()}", refused),
        Contender("DRF TokenAuthentication", bare, "/bench/drf", f"Token {texts.drf}"),
        Contender("django-rest-knox", bare, "/bench/knox", f"Token {texts.knox}"),
    ]


def run(texts: Texts, *, rounds: int = ROUNDS) -> list[Contender]:
    field_of = contenders(texts)
    for contender in field_of:
        contender.count_queries()
    for _ in range(rounds):
        for contender in field_of:
            contender.measure()
    return field_of


def ratio(contender: Contender, to: Contender) -> float:
    return statistics.median(one / other for one, other in zip(contender.micros, to.micros, strict=True))
