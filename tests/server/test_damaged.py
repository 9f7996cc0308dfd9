"""The file of SQLite is damaged: calls are refused like those that find no database, and the log says what it is."""

import random

from tests.server.app import Server

PAGE = 4096


def test_calls_are_refused_and_told_to_come_back(server: Server, texts: list[str]) -> None:
    whole = server.database.read_bytes()
    server.database.write_bytes(whole[:PAGE] + random.Random(7).randbytes(len(whole) - PAGE))
    server.start()

    statuses = [server.connection().call(text) for text in texts]
    server.kill()
    server.database.write_bytes(whole)
    server.start()

    assert set(statuses) == {503}
    assert "The database cannot be asked: DatabaseError SQLITE_CORRUPT" in server.log
    assert "Traceback" not in server.log
    assert server.connection().call(texts[0]) == 200
