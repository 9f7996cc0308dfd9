"""Django's cache in Redis, which a Redis that is away turns into one of this process."""

import json
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

from config.link import Away
from config.redis_link import connection_options, link
from config.shared_counts import PREFIX


class JsonSerializer:
    """Not Django's pickles: whoever could write to Redis could run code here."""

    def dumps(self, value: Any) -> Any:
        return value if type(value) is int else json.dumps(value)

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


def reading(name: str) -> Any:
    def method(self: "SharedCache", *args: Any, **kwargs: Any) -> Any:
        try:
            return link.ask(getattr(self.shared, name), *args, **kwargs)
        except Away:
            return getattr(self.local, name)(*args, **kwargs)

    return method


def writing(name: str) -> Any:
    """Kept here too, so that what this process knows is there when Redis is not."""

    def method(self: "SharedCache", *args: Any, **kwargs: Any) -> Any:
        own = getattr(self.local, name)(*args, **kwargs)
        try:
            return link.ask(getattr(self.shared, name), *args, **kwargs)
        except Away:
            return own

    return method


class SharedCache(BaseCache):
    def __init__(self, url: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = connection_options() | {"serializer": JsonSerializer}
        self.shared = RedisCache(url, {"KEY_PREFIX": f"{PREFIX}cache", **params, "OPTIONS": options})
        self.local = LocMemCache("behind redis", params)

    get = reading("get")
    get_many = reading("get_many")
    has_key = reading("has_key")
    incr = reading("incr")
    add = writing("add")
    set = writing("set")
    set_many = writing("set_many")
    touch = writing("touch")
    delete = writing("delete")
    delete_many = writing("delete_many")
    clear = writing("clear")
