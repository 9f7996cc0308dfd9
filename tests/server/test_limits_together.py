"""Two servers with one Redis: one limit, which losing it neither loosens nor turns against anybody."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from tests.server.app import Server
from tests.server.redis import RedisServer


@pytest.fixture
def servers(
    tmp_path: Path, redis: RedisServer, demonstration: tuple[Path, list[str]]
) -> Iterator[tuple[Server, Server]]:
    choices = {"REDIS_URL": redis.url, "API_CALLS_PER_MINUTE": "5", "API_REFUSALS_PER_MINUTE": "1000"}
    pair = Server(tmp_path, choices), Server(tmp_path, choices)
    copyfile(demonstration[0], pair[0].database)
    try:
        for server in pair:
            server.start()
        yield pair
    finally:
        for server in pair:
            if server.process and server.process.poll() is None:
                server.kill()


def test_a_limit_holds_on_both_with_redis_without_it_and_with_it_again(
    servers: tuple[Server, Server], redis: RedisServer, texts: list[str]
) -> None:
    first, second = (server.connection() for server in servers)

    assert [first.call(texts[0]) for _ in range(3)] == [200] * 3
    assert [second.call(texts[0]) for _ in range(3)] == [200, 200, 429]
    assert first.call(texts[0]) == 429

    redis.freeze()
    assert [first.call(texts[0]), second.call(texts[0])] == [429, 429]
    assert [first.call(texts[1]), second.call(texts[1])] == [200, 200]
    redis.stop()
    assert [first.call(texts[0]), first.call(texts[1])] == [429, 200]
    assert servers[0].log.count("Redis is away") == 2  # each server says it once, into one log
