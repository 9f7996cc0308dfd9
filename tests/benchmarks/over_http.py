"""Calls over HTTP: gunicorn as it is run in earnest, one worker, and wrk beside it, in calls a second.

Two servers take turns: ours, and one without any middleware for the limit and the peers.
"""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.contenders import Contender
from tests.server.ports import free_port

CONNECTIONS = 8
SECONDS = 1  # and often: what disturbs one turn is over before the next
PATIENCE_SECONDS = 30


def run(field: list[Contender], *, rounds: int) -> None:
    with server() as ours, server("tests.benchmarks.bare") as bare:
        for _ in range(rounds):
            for contender in field:
                contender.measured.append(rate_of(contender, ours if contender.is_ours else bare))


@contextmanager
def server(application: str = "config.wsgi", **choices: str) -> Iterator[int]:
    """The port of a gunicorn on the database of this process."""
    port = free_port()
    environment = os.environ | {"PORT": str(port), "WEB_CONCURRENCY": "1", "RUN_CLOCK": "no"} | choices
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", application]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        wait_for(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/bench/bare")
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("The server did not start.")


def rate_of(contender: Contender, port: int) -> float:
    """Every answer has to be the one expected."""
    told = wrk(port, contender.path, contender.authorization)
    asked = int(found(r"(\d+) requests in", told))
    refused = int(found(r"Non-2xx or 3xx responses: (\d+)", told) or 0)
    assert refused == (0 if contender.status == 200 else asked), (contender.name, told)
    return float(found(r"Requests/sec: +([\d.]+)", told))


def wrk(port: int, path: str, authorization: str, *, seconds: int = SECONDS) -> str:
    """What wrk tells of its calls, with how long each part of them took."""
    command = ["wrk", "--threads=1", f"--connections={CONNECTIONS}", f"--duration={seconds}s", "--latency"]
    command += [f"--header=Authorization: {authorization}", f"http://127.0.0.1:{port}{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else ""
