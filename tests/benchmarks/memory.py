"""What a worker takes: its memory after calls and its time to start, as the kernel counts them."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.over_http import found, server, wrk
from tests.benchmarks.stage import Texts

CALLS = (10_000, 30_000)


def run(texts: Texts) -> dict[str, float]:
    """MiB resident after so many calls to one worker, seconds of imports, seconds of `manage.py check`."""
    told = {}
    with server() as port:
        done = 0
        for calls in CALLS:
            call(port, texts.ours, calls - done)
            done = calls
            told[f"MiB after {calls:,} calls"] = megabytes_of_worker(port)
    told["seconds to import the application"] = seconds_of("-c", "import config.wsgi")
    told["seconds of manage.py check"] = seconds_of("manage.py", "check")
    return told


def call(port: int, text: str, count: int) -> None:
    """At least so many: wrk counts seconds."""
    while count > 0:
        count -= int(found(r"(\d+) requests in", wrk(port, "/api/v1/me", f"Token {text}", seconds=1)))


def megabytes_of_worker(port: int) -> float:
    """The one whose parent was told the port."""
    (worker,) = [child for master in masters_on(port) for child in children_of(master)]
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{worker}/status").read_text())
    assert match
    return round(int(match[1]) / 1024, 1)


def masters_on(port: int) -> list[int]:
    """Started by us, with that port in their environment."""
    return [pid for pid in children_of(os.getpid()) if f"PORT={port}\0" in Path(f"/proc/{pid}/environ").read_text()]


def children_of(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def seconds_of(*arguments: str) -> float:
    """The quickest of three."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    return round(min(times), 2)
