"""A call in process: the whole of Django's handler with its middleware, from the environ to the last byte.

Contenders take turns, and each round gives the ratio to the limit of the same round; the median of these ratios is what
holds on a noisy machine. Times are processor time of the thread, in µs a call.
"""

import gc
import io
import sys
import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.measuring import made_application
from tests.benchmarks import bare
from tests.benchmarks.contenders import Contender
from tokens import hashing, lookup

CALLS = 200

Application = Callable[..., Any]


def run(field: list[Contender], *, rounds: int) -> None:
    ours = made_application()
    applications = [application_of(contender, ours) for contender in field]
    for contender, application in zip(field, applications, strict=True):
        contender.queries = queries_of(contender, application)
    for _ in range(rounds):
        for contender, application in zip(field, applications, strict=True):
            contender.measured.append(micros_of(contender, application))


def application_of(contender: Contender, ours: Application) -> Application:
    if not contender.is_ours:
        return bare.application
    return forgetting(ours) if contender.is_met_anew else ours


def forgetting(application: Application) -> Application:
    remembered = lookup.compiled("default", len(hashing.digests("")))

    def running(*arguments: Any) -> Any:
        remembered.known.reset()
        return application(*arguments)

    return running


def call(contender: Contender, application: Application) -> None:
    answer: list[str] = []
    environ = environ_of(contender.path, contender.authorization)
    response = application(environ, lambda status, _: answer.append(status))
    for _ in response:
        pass
    if hasattr(response, "close"):
        response.close()
    assert answer[0].startswith(f"{contender.status} "), (contender.name, answer)


def queries_of(contender: Contender, application: Application) -> int:
    call(contender, application)
    with CaptureQueriesContext(connection) as queries:
        call(contender, application)
    return len(queries)


def micros_of(contender: Contender, application: Application) -> float:
    gc.collect()
    gc.disable()
    begun = time.thread_time_ns()
    for _ in range(CALLS):
        call(contender, application)
    taken = (time.thread_time_ns() - begun) / CALLS / 1000
    gc.enable()
    return taken


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
