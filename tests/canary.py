"""Where a secret text could have been left behind, and what it would look like there.

Looked for is the part that no hint shows: a text that was cut short is found as well as a whole one.
"""

import base64
import html
import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection

from accounts.session_store import content_of
from config.limiter import limiter
from config.logs import JsonLine, Line
from tokens import throttling
from tokens.ledger import ledger

SHOWN_HEAD, SHOWN_TAIL = 8, 6
# Of another system, and written differently in a page and in an address.
AS_TEXT = "s3cr+et/with=odd~signs.in&it?%20or%so"


def unseen(text: str) -> str:
    return text[SHOWN_HEAD:-SHOWN_TAIL]


def disguises(text: str) -> dict[str, bytes]:
    """What stands for the unseen part of a text in each way of writing it."""
    part = unseen(text).encode()
    found = {
        "as it is": part,
        "in a page": html.escape(unseen(text)).encode(),
        "in an address": quote(unseen(text), safe="").encode(),
        "percent by percent": b"".join(b"%%%02X" % byte for byte in part),
        "hexadecimal": part.hex().encode(),
        "HEXADECIMAL": part.hex().upper().encode(),
    }
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + part)
        begin, end = (4, len(whole) - 4)  # what stands around the part changes the digits at its edges
        found[f"base64, {shift} on"] = whole[begin:end]
        found[f"base64 for addresses, {shift} on"] = whole[begin:end].translate(bytes.maketrans(b"+/", b"-_"))
    return found


def traces(texts: dict[str, str], places: dict[str, bytes]) -> list[str]:
    """Which text was left where, in words that do not repeat it."""
    return [
        f"{name} in {place}, {disguise}"
        for name, text in texts.items()
        for disguise, needle in disguises(text).items()
        for place, content in places.items()
        if needle in content
    ]


def kept() -> dict[str, bytes]:
    """All that the installation holds on to, in bytes."""
    ledger.flush()
    process = (limiter.local.__dict__, throttling.recently_met.__dict__, ledger.gathered)
    places = {f"table {table}": content for table, content in rows()}
    places["sessions"] = repr([content_of(session) for session in Session.objects.all()]).encode()
    places["the cache"] = repr(vars(cache._connections[cache._alias])).encode()  # type: ignore[attr-defined]
    places["the process"] = repr(process).encode()
    places["letters"] = b"\n".join(letter.message().as_bytes() + repr(vars(letter)).encode() for letter in mail.outbox)
    places["static files"] = b"".join(path.read_bytes() for path in static_files())
    return places


def rows() -> Iterator[tuple[str, bytes]]:
    """Every column of every row of every table: texts as they are, bytes as they are and as `repr` has them."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            yield table, b"\n".join(in_bytes(value) for row in cursor.fetchall() for value in row)


def in_bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def static_files() -> Iterator[Path]:
    for place in (*settings.STATICFILES_DIRS, settings.STATIC_ROOT):
        yield from (path for path in Path(place).rglob("*") if path.is_file())


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """What the log of LOG_LEVEL=DEBUG says in both of its forms, and nothing thinned out."""
    stream = io.StringIO()
    handlers = [logging.StreamHandler(stream) for _ in range(2)]
    for handler, formatter in zip(handlers, (Line("%(name)s %(message)s"), JsonLine()), strict=True):
        handler.setFormatter(formatter)
    loggers = [logging.getLogger(name) for name in (None, "django", "django.request")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    for handler in handlers:
        loggers[0].addHandler(handler)
    try:
        yield stream
    finally:
        for handler in handlers:
            loggers[0].removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def shown_in(answer: Any, pattern: str) -> str:
    """The one text that a page shows."""
    (text,) = set(re.findall(pattern, answer.content.decode()))
    return text
