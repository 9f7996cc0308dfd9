"""Whether PostgreSQL is there."""

import socket
import struct
import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

from config.link import Link

Result = TypeVar("Result")

# Together less than the five seconds after which a caller hears of it.
CONNECT_SECONDS = 2
PATIENCE_SECONDS = 2.0
# "Do you speak TLS?" (PostgreSQL's protocol, SSLRequest): answered with one byte before anybody says who they are.
QUESTION = struct.pack("!ii", 8, 80877103)


class DatabaseLink(Link):
    errors = (psycopg.OperationalError,)
    retry_seconds = 1.0
    lost = "PostgreSQL is away (%s): what needs it is answered with 503."
    found = "PostgreSQL is back."


link = DatabaseLink()


def attended(steps: Generator[Any, Any, Result], connection: Any) -> Generator[Any, Any, Result]:
    """The same steps of the driver, which is called between them ten times a second while the server says nothing."""
    looks_at = time.monotonic() + PATIENCE_SECONDS
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > looks_at:
                refuse_frozen(connection)
                looks_at = time.monotonic() + PATIENCE_SECONDS
            wanted = steps.send(ready)
    except StopIteration as end:
        result: Result = end.value
        return result


def refuse_frozen(connection: Any) -> None:
    if not is_answered(connection.info):
        error = psycopg.OperationalError("PostgreSQL does not answer any more.")
        link.lose(error)
        connection.close()
        raise error


def is_answered(info: Any) -> bool:
    try:
        with reach(info) as line:
            line.sendall(QUESTION)
            return bool(line.recv(1))
    except OSError:
        return False


def reach(info: Any) -> socket.socket:
    """The same door that the connection went in by."""
    if not info.host.startswith("/"):
        return socket.create_connection((info.hostaddr or info.host, info.port), timeout=CONNECT_SECONDS)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(CONNECT_SECONDS)
    line.connect(f"{info.host}/.s.PGSQL.{info.port}")
    return line
