"""Limits that several servers count together in a real Redis, and what happens to them without it."""

import logging
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from config import redis_link
from config.limiter import MINUTE, Limiter, Rate
from config.redis_link import Link
from config.shared_counts import SharedCounts
from tests.server.ports import free_port
from tests.server.redis import RedisServer

FIVE = Rate(5, MINUTE)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call tries again whether Redis is back."""
    monkeypatch.setattr(redis_link.Link, "retry_seconds", 0)


def server(redis: RedisServer | str) -> Limiter:
    """What one process has: counts of its own, and a link."""
    return Limiter(SharedCounts(redis if isinstance(redis, str) else redis.url, Link()))


def hits(limiter: Limiter, number: int, key: str = "alice") -> list[bool]:
    return [limiter.hit(FIVE, key) for _ in range(number)]


def test_two_servers_share_one_count(redis: RedisServer) -> None:
    first, second = server(redis), server(redis)

    assert hits(first, 3) == [True] * 3
    assert hits(second, 3) == [True, True, False]
    assert not first.test(FIVE, "alice")
    assert first.hit(FIVE, "bob")


def test_a_hit_says_what_is_left_of_its_window(redis: RedisServer) -> None:
    window = server(redis).spend(FIVE, "alice")

    assert (window.limit, window.used, window.remaining) == (5, 1, 4)
    assert 0 < window.ends_in <= 60


def test_looking_counts_nothing(redis: RedisServer) -> None:
    limiter = server(redis)
    assert all(limiter.test(FIVE, "alice") for _ in range(10))

    hits(limiter, 5)

    assert limiter.look(FIVE, "alice").used == 5


def test_a_hundred_simultaneous_hits_on_two_servers_give_exactly_the_limit(redis: RedisServer) -> None:
    limiters = [server(redis), server(redis)]
    item = Rate(40, MINUTE)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: limiters[number % 2].hit(item, "alice"), range(100)))

    assert sum(answers) == 40


def test_a_count_ends_in_redis_too(redis: RedisServer) -> None:
    limiter = server(redis)

    hits(limiter, 1)

    assert limiter.shared is not None
    (key,) = limiter.shared.redis.keys("*")
    assert 0 < limiter.shared.redis.ttl(key) <= 60


def test_without_redis_each_server_goes_on_from_what_it_last_heard(redis: RedisServer) -> None:
    first, second = server(redis), server(redis)
    hits(first, 2)
    hits(second, 2)

    redis.stop()

    assert hits(second, 2) == [True, False]
    assert hits(first, 4) == [True, True, True, False]


def test_a_redis_that_came_back_empty_gives_nothing_back(redis: RedisServer, impatient: None) -> None:
    limiter = server(redis)
    hits(limiter, 5)
    redis.stop()
    assert hits(limiter, 1) == [False]

    redis.start()

    assert hits(limiter, 2) == [False, False]
    assert hits(limiter, 1, "bob") == [True]
    assert not limiter.shared.link.is_away


def test_a_redis_that_came_back_is_shared_again(redis: RedisServer, impatient: None) -> None:
    first, second = server(redis), server(redis)
    redis.stop()
    hits(first, 1)
    redis.start()

    assert hits(first, 3, "bob") == [True] * 3
    assert hits(second, 3, "bob") == [True, True, False]


def test_a_frozen_redis_stops_nobody_and_loosens_nothing(redis: RedisServer, impatient: None) -> None:
    limiter = server(redis)
    hits(limiter, 3)

    redis.freeze()

    assert hits(limiter, 3) == [True, True, False]
    redis.thaw()
    assert hits(limiter, 1) == [False]
    assert hits(limiter, 1, "bob") == [True]


def test_losing_redis_and_finding_it_is_said_once(
    redis: RedisServer, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    limiter = server(redis)
    redis.stop()
    with caplog.at_level(logging.WARNING):
        hits(limiter, 4)
        redis.start()
        hits(limiter, 4)

    lost, found = caplog.records
    assert lost.levelname == "ERROR"
    assert lost.getMessage() == "Redis is away (ConnectionError): each process counts its rate limits alone."
    assert found.getMessage() == "Redis is back: rate limits are counted together again."


def test_a_redis_that_is_away_is_not_tried_again_on_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes connections and never says anything counts how often it was asked."""
    monkeypatch.setattr(redis_link.Link, "retry_seconds", MINUTE)
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def accept() -> None:
            try:
                while True:
                    asked.append(silent.accept())
            except OSError:
                return

        thread = threading.Thread(target=accept)
        thread.start()
        limiter = server(f"redis://127.0.0.1:{silent.getsockname()[1]}")

        answers = hits(limiter, 50)

        silent.shutdown(socket.SHUT_RDWR)
    thread.join()
    for connection, _ in asked:
        connection.close()
    assert sum(answers) == 5
    assert len(asked) == 1


def test_a_redis_that_was_never_there_stops_nobody() -> None:
    assert hits(server(f"redis://127.0.0.1:{free_port()}"), 6) == [True] * 5 + [False]


def test_what_redis_refuses_is_as_if_it_were_away(redis: RedisServer) -> None:
    """A replica, a full memory, a password that is missing."""
    limiter = server(redis)
    assert limiter.shared is not None
    limiter.shared.redis.config_set("requirepass", "hunter2")

    assert hits(server(redis), 6) == [True] * 5 + [False]


def test_nothing_of_redis_is_imported_without_the_setting() -> None:
    code = (
        "import django, sys; django.setup(); import config.urls, config.limiter;"
        " from django.core.cache import cache; cache.get('x'); sys.exit('redis' in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True, env={"DJANGO_SETTINGS_MODULE": "tests.settings"})
