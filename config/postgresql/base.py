"""A connection that never waits for a server which does not answer any more, and notices when the server has hung up.

A statement may take as long as it takes: PostgreSQL works on it, or waits for a lock. So nothing is cut off for being
slow. What has had no answer for some seconds asks at the door, by a socket of its own, whether anybody is there.
"""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from config.link import Away
from config.postgresql.door import CONNECT_SECONDS, attended, link


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        return {"connect_timeout": CONNECT_SECONDS} | super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            connection = link.ask(super().get_new_connection, conn_params)
        except Away as away:
            raise away.__cause__ or psycopg.OperationalError("PostgreSQL is away.") from None
        self.prepared: dict[bytes, list[int]] = {}  # what `statement` has prepared here, and the types of its columns
        wait = connection.wait
        connection.wait = lambda generator, **options: wait(attended(generator, connection), **options)
        return connection

    def close_if_unusable_or_obsolete(self) -> None:
        """Django calls this before and after each request."""
        if self.connection is not None and not self.in_atomic_block and has_hung_up(self.connection):
            self.close()
        else:
            super().close_if_unusable_or_obsolete()


def has_hung_up(connection: Any) -> bool:
    """Whether something is there to read though nothing was asked: the server's goodbye, or the end of the line."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
