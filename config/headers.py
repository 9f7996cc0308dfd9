"""Headers of an answer, many at once.

Django checks and encodes every header that is set by itself. These are ours alone: constants, numbers and dates.
"""

from collections.abc import Mapping

from django.http.response import HttpResponseBase

Prepared = Mapping[str, tuple[str, str]]


def prepared(headers: Mapping[str, str]) -> Prepared:
    """What `put` puts, made once for many answers."""
    return {name.lower(): (name, value) for name, value in headers.items()}


def put(response: HttpResponseBase, headers: Prepared) -> None:
    """In place of what is there of these names. Nothing that anybody else wrote may come this way."""
    response.headers._store.update(headers)


def put_missing(response: HttpResponseBase, name: str, value: str) -> None:
    """Unless the view said something else."""
    response.headers._store.setdefault(name.lower(), (name, value))


def hand_on(response: HttpResponseBase) -> None:
    """As they are stored. Django's own way to the server looks each of them up once more."""
    response.items = response.headers._store.values  # type: ignore[method-assign]
