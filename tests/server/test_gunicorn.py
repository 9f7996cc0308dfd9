"""The real server: what it counts while it is busy, told to end, recycled or killed.

Each test starts gunicorn with config/gunicorn.py on a database of its own and asks that database afterwards.
"""

import http.client
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.server.app import Server
from tests.waiting import wait_for

ROTATE = """
import sys
import django

django.setup()

from datetime import timedelta
from accounts.actor import Actor
from tokens import lifecycle
from tokens.models import Token

token = Token.objects.select_related("owner").get(pk=sys.argv[1])
print(lifecycle.rotate(actor=Actor(token.owner), token=token, overlap=timedelta(hours=1)).plaintext)
"""


def call_many(server: Server, text: str, *, calls: int, threads: int = 8) -> Counter[int | str]:
    """How many calls were answered with which status, or with nothing because the connection was closed."""

    def work(share: int) -> Counter[int | str]:
        connection, answers = server.connection(), Counter[int | str]()
        for _ in range(share):
            try:
                answers[connection.call(text)] += 1
            except (OSError, http.client.HTTPException):
                answers["closed"] += 1
        return answers

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(work, [calls // threads] * threads), Counter[int | str]())


def test_every_answered_call_is_counted_when_the_server_ends_in_order(server: Server, texts: list[str]) -> None:
    server.start()

    answers = call_many(server, texts[0], calls=10_000)
    server.end()

    assert answers == {200: 10_000}
    assert server.calls_of(texts[0]) == 10_000
    assert server.ask("SELECT sum(calls) FROM tokens_tokenaddress") == [(10_000,)]


def test_a_killed_server_loses_the_counters_of_its_last_seconds_and_nothing_else(
    server: Server, texts: list[str]
) -> None:
    early, late = texts[:2]
    server.choices["USAGE_FLUSH_SECONDS"] = "1"
    server.start()
    assert call_many(server, early, calls=48) == {200: 48}
    wait_for(lambda: server.calls_of(early) == 48)

    assert call_many(server, early, calls=16) == {200: 16}
    assert server.connection().call(late) == 200
    server.kill()

    counted = server.calls_of(early)
    assert 48 <= counted <= 64
    assert server.is_first_use_written(late)
    server.start()
    assert server.connection().call(early) == 200
    server.end()
    assert server.calls_of(early) == counted + 1


def test_a_script_that_calls_through_a_rotation_is_never_refused(server: Server, texts: list[str]) -> None:
    server.start()
    said: list[tuple[str, int]] = []
    text, has_ended = texts[0], threading.Event()

    def script() -> None:
        connection = server.connection()
        while not has_ended.wait(0.05):
            said.append((text, connection.call(text)))

    thread = threading.Thread(target=script)
    thread.start()
    wait_for(lambda: len(said) > 10)
    successor = server.run("-c", ROTATE, str(server.key_of(texts[0]))).strip()
    before = len(said)
    wait_for(lambda: len(said) > before + 10)
    text = successor
    wait_for(lambda: said[-1][0] == successor and len(said) > before + 30)
    has_ended.set()
    thread.join()
    server.end()

    assert {status for _, status in said} == {200}
    made = [sum(text == each for text, _ in said) for each in (texts[0], successor)]
    assert [server.calls_of(each) for each in (texts[0], successor)] == made
    assert all(made)


def test_a_worker_that_is_recycled_writes_what_it_has_counted(server: Server, texts: list[str]) -> None:
    server.choices |= {
        "GUNICORN_CMD_ARGS": "--max-requests 150 --max-requests-jitter 0",
        "USAGE_FLUSH_SECONDS": "60",
    }
    server.start()

    answers = call_many(server, texts[0], calls=600)
    server.end()

    assert server.log.count("Booting worker") > 3
    assert set(answers) <= {200, "closed"}
    assert answers[200] > 500
    assert server.calls_of(texts[0]) == answers[200]
