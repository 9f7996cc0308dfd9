"""What the writing of usage costs: one token is called as fast as it goes, with and without a turn each second."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tests.benchmarks.over_http import found, server, wrk
from tests.benchmarks.stage import Texts
from tokens import hashing
from tokens.models import Token, TokenDay

SECONDS = 10
LOOK_EVERY_SECONDS = 0.02
MILLIS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def run(texts: Texts) -> dict[str, float]:
    told: dict[str, float] = {}
    for words, pause in {"never written": "0", "written each second": "1"}.items():
        with server(USAGE_FLUSH_SECONDS=pause) as port, watched(texts.ours) as counts:
            said = wrk(port, "/api/v1/me", f"Token {texts.ours}", seconds=SECONDS)
        told[f"calls a second, usage {words}"] = round(float(found(r"Requests/sec: +([\d.]+)", said)))
        told[f"99 of 100 calls within ms, usage {words}"] = round(millis(found(r"99% +(\S+)", said)), 1)
    told[f"writes in {SECONDS} seconds"] = len(counts) - 1
    return told


@contextmanager
def watched(text: str) -> Iterator[set[int]]:
    """Every count of the token's calls that stood in the database meanwhile; the one before is among them."""
    token, counts, ended = Token.objects.get(digest__in=hashing.digests(text)), set[int](), threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_EVERY_SECONDS):
            counts.add(sum(TokenDay.objects.filter(token=token).values_list("calls", flat=True)))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield counts
    finally:
        ended.set()
        thread.join()


def millis(text: str) -> float:
    number = text.rstrip("mus")
    return float(number) * MILLIS[text[len(number) :]]
