"""The process that Prometheus asks: `python -m config.metrics_server SOCKET MEMORY`, both open files of its parent.

It knows nothing but the board: no settings, no secrets, no database. It ends when its parent does.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from config import metrics
from config.metrics import BACKLOG, COLUMN_OF, DATABASE_FAILURES, EDGES, FIRST_BUCKET, SECONDS, SIZE, WRITTEN_AT, Board

ROOT = Path(__file__).resolve().parent.parent
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


process: "subprocess.Popen[bytes] | None" = None


def start(address: tuple[str, int]) -> None:
    """In the process that will start the workers, before it does. Raises OSError where the address is taken."""
    global process
    with listening(address) as listener, tempfile.TemporaryFile() as memory:
        memory.truncate(SIZE)
        metrics.board = Board(memory.fileno())
        files = (listener.fileno(), memory.fileno())
        command = [sys.executable, "-m", "config.metrics_server", *map(str, files)]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=files)  # noqa: S603


def stop() -> None:
    """And wait, so that the address is free for whoever comes next."""
    if process:
        process.terminate()
        process.wait()


def listening(address: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    return socket.create_server(address, family=family)


def exposition(board: Board, now: float) -> str:
    """The text format of Prometheus, version 0.0.4."""
    return "".join(f"{line}\n" for line in lines(board.rows(), now))


def lines(rows: list[Sequence[float]], now: float) -> Iterator[str]:
    sums = [sum(column) for column in zip(*rows, strict=True)]
    yield from head("calls_total", "counter", "Calls, by how they were answered.")
    for outcome, column in COLUMN_OF.items():
        yield f'tokenrack_calls_total{{outcome="{outcome}"}} {sums[column]:.0f}'
    yield from head(
        "call_duration_seconds", "histogram", "From the first to the last of our code, without the server's."
    )
    count = 0.0
    for position, edge in enumerate((*map(str, EDGES), "+Inf")):
        count += sums[FIRST_BUCKET + position]
        yield f'tokenrack_call_duration_seconds_bucket{{le="{edge}"}} {count:.0f}'
    yield f"tokenrack_call_duration_seconds_sum {sums[SECONDS]!r}"
    yield f"tokenrack_call_duration_seconds_count {count:.0f}"
    yield from head("database_failures_total", "counter", "Answers and turns of the ledger that the database broke.")
    yield f"tokenrack_database_failures_total {sums[DATABASE_FAILURES]:.0f}"
    yield from head("usage_backlog_calls", "gauge", "Counted calls and refusals that are not written yet.")
    yield f"tokenrack_usage_backlog_calls {sums[BACKLOG]:.0f}"
    yield from head("usage_lag_seconds", "gauge", "Since the process that is latest wrote what it had counted.")
    written = [row[WRITTEN_AT] for row in rows if row[WRITTEN_AT]]
    yield f"tokenrack_usage_lag_seconds {max(0.0, now - min(written, default=now)):.3f}"


def head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP tokenrack_{name} {text}"
    yield f"# TYPE tokenrack_{name} {kind}"


class Answer(BaseHTTPRequestHandler):
    timeout = 5
    server: "Server"

    def do_GET(self) -> None:
        is_known = self.path.partition("?")[0] == "/metrics"
        body = exposition(self.server.board, time.time()).encode() if is_known else b"There is /metrics.\n"
        self.send_response(200 if is_known else 404)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: Prometheus asks every few seconds."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, board: Board) -> None:
        super().__init__(listener.getsockname()[:2], Answer, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.board = board
        self.parent = os.getppid()

    def service_actions(self) -> None:
        """Twice a second."""
        if os.getppid() != self.parent:
            sys.exit()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up is no news."""


def main(listener: int, memory: int) -> None:
    Server(socket.socket(fileno=listener), Board(memory)).serve_forever()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
