"""Django's cache in a real Redis, and in the process alone while that is away."""

from collections.abc import Iterator

import pytest

from config import redis_link, shared_cache
from config.redis_link import Link
from config.shared_cache import SharedCache
from tests.server.redis import RedisServer


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    monkeypatch.setattr(shared_cache, "link", Link())
    redis = RedisServer()
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture
def cache(redis: RedisServer) -> Iterator[SharedCache]:
    cache = SharedCache(redis.url, {})
    cache.local.clear()
    yield cache
    cache.local.clear()


USES = {
    "get": (lambda cache: cache.get("known"), 7),
    "get, missing": (lambda cache: cache.get("missing", "nothing"), "nothing"),
    "get_many": (lambda cache: cache.get_many(["known", "missing"]), {"known": 7}),
    "in": (lambda cache: "known" in cache, True),
    "incr": (lambda cache: cache.incr("known"), 8),
    "add": (lambda cache: (cache.add("new", 1), cache.add("new", 2), cache.get("new")), (True, False, 1)),
    "set": (lambda cache: cache.set("new", [1.5, 2.5]) or cache.get("new"), [1.5, 2.5]),
    "set_many": (lambda cache: cache.set_many({"a": True, "b": "c"}) or (cache.get("a"), cache.get("b")), (True, "c")),
    "touch": (lambda cache: (cache.touch("known"), cache.touch("missing")), (True, False)),
    "delete": (lambda cache: (cache.delete("known"), cache.get("known")), (True, None)),
    "delete_many": (lambda cache: cache.delete_many(["known"]) or cache.get("known"), None),
    "clear": (lambda cache: (cache.clear(), cache.get("known"))[1], None),
    "get_or_set": (lambda cache: cache.get_or_set("new", lambda: 3), 3),
}


@pytest.mark.parametrize("is_away", [False, True], ids=["there", "away"])
@pytest.mark.parametrize(("use", "answer"), USES.values(), ids=USES)
def test_each_use_of_the_cache_is_answered_with_and_without_redis(
    cache: SharedCache, redis: RedisServer, use, answer: object, is_away: bool
) -> None:
    cache.set("known", 7)
    if is_away:
        redis.stop()

    assert use(cache) == answer


def test_two_servers_share_it(cache: SharedCache, redis: RedisServer) -> None:
    other = SharedCache(redis.url, {})
    cache.set("known", [1])
    cache.local.clear()

    assert other.get("known") == [1]


def test_what_lies_in_redis_is_never_run(cache: SharedCache) -> None:
    """Django would unpickle it."""
    cache.shared._cache.get_client("x", write=True).set(cache.shared.make_key("known"), b"cos\nsystem\n(S'true'\ntR.")

    with pytest.raises(ValueError, match="Expecting value"):
        cache.get("known")


def test_a_cache_that_came_back_is_used_again(
    cache: SharedCache, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link.Link, "retry_seconds", 0)
    redis.freeze()
    cache.set("known", 1)
    redis.thaw()

    cache.set("known", 2)
    cache.local.clear()

    assert cache.get("known") == 2
