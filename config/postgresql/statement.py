"""A SELECT that calls ask again and again: prepared once on each connection, and asked through libpq itself.

On a small question the driver spends more time on itself than the server on the answer: it plans how to wait, looks for
somebody to convert each column, and copies. Here a row stays as the server wrote it until somebody wants its values.
"""

import select
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

from psycopg import errors, pq, sql
from psycopg.adapt import Transformer

from config.postgresql.door import PATIENCE_SECONDS, refuse_frozen

Row = tuple[bytes | None, ...]

BYTEA_OID = 17


class Statement:
    """`places` are those of the parameters, all bytes, that change from one question to the next."""

    def __init__(self, text: str, parameters: Sequence[Any], places: list[int]) -> None:
        changing = {place: f"${number}" for number, place in enumerate(places, start=1)}
        written = [changing.get(place) or sql.quote(value) for place, value in enumerate(parameters)]
        self.text = (text % tuple(written)).encode()
        # The same name means the same text, also to other processes whose connections a pooler mixes with ours.
        self.name = f"tokenrack_{sha256(self.text).hexdigest()[:20]}".encode()
        self.types = [BYTEA_OID] * len(places)
        self.formats = [pq.Format.BINARY] * len(places)

    def suits(self, connection: Any) -> bool:
        """Not where the driver has to begin a transaction first, or is in one that has failed."""
        driver = connection.connection
        return bool(driver and driver.autocommit and driver.pgconn.transaction_status == pq.TransactionStatus.IDLE)

    def fetch(self, connection: Any, values: Sequence[bytes]) -> Row | None:
        """The first row, each column as text. Raises what the driver raises."""
        if self.name not in connection.prepared:
            self.prepare(connection)
        try:
            result = self.ask(connection.connection, values)
        except errors.InvalidSqlStatementName:
            self.prepare(connection)
            result = self.ask(connection.connection, values)
        if not result.ntuples:
            return None
        return tuple([result.get_value(0, column) for column in range(result.nfields)])

    def ask(self, driver: Any, values: Sequence[bytes]) -> pq.abc.PGresult:
        driver.pgconn.send_query_prepared(self.name, values, self.formats)
        return answer_of(driver)

    def prepare(self, connection: Any) -> None:
        line = connection.connection.pgconn
        line.send_prepare(self.name, self.text, self.types)
        with suppress(errors.DuplicatePreparedStatement):
            answer_of(connection.connection)
        line.send_describe_prepared(self.name)
        described = answer_of(connection.connection)
        connection.prepared[self.name] = [described.ftype(column) for column in range(described.nfields)]

    def load(self, connection: Any, row: Row) -> tuple[Any, ...]:
        """The values of a row, as the driver would have given them."""
        loading = Transformer(connection.connection)
        loaders = [loading.get_loader(oid, pq.Format.TEXT) for oid in connection.prepared[self.name]]
        pairs = zip(loaders, row, strict=True)
        return tuple([None if value is None else loader.load(value) for loader, value in pairs])


def answer_of(driver: Any) -> pq.abc.PGresult:
    """What the server says to what was sent. Nobody waits for a server that is frozen: see `door`."""
    line = driver.pgconn
    while line.flush():
        wait(driver, select.POLLIN | select.POLLOUT)
    last = None
    while True:
        while line.is_busy():
            wait(driver, select.POLLIN)
            line.consume_input()
        result = line.get_result()
        if result is None:
            break
        last = result
    if last is None:
        raise errors.OperationalError("PostgreSQL said nothing.")
    if last.status not in {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}:
        raise errors.error_from_result(last)
    return last


def wait(driver: Any, events: int) -> None:
    poll = select.poll()
    poll.register(driver.pgconn.socket, events)
    while not poll.poll(PATIENCE_SECONDS * 1000):
        refuse_frozen(driver)
