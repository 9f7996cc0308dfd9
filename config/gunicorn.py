"""How gunicorn serves Tokenrack: one process with threads suits SQLite; more processes suit PostgreSQL."""

import importlib
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from config import metrics, metrics_server
from config.environment import SettingError

try:
    settings = importlib.import_module("config.settings")  # a wrong setting ends the start here, not in each worker
except SettingError as error:
    sys.exit(f"Tokenrack cannot start: {error}")

SECONDS_TO_WRITE = 3

wsgi_app = "config.wsgi"
clock: "subprocess.Popen[bytes] | None" = None


def when_ready(server: Any) -> None:
    """Start what stands beside the workers: the metrics; notices and pruning. Both end when this process does."""
    global clock
    if settings.METRICS_BIND:
        try:
            metrics_server.start(settings.METRICS_BIND)
        except OSError as error:
            sys.exit(f"Tokenrack cannot start: METRICS_BIND: {error.strerror}.")
    if os.environ.get("RUN_CLOCK", "yes") == "yes":
        clock = subprocess.Popen([sys.executable, str(Path(__file__).parent.parent / "manage.py"), "clock"])  # noqa: S603


def on_exit(server: Any) -> None:
    metrics_server.stop()
    if clock:
        clock.terminate()


def pre_fork(server: Any, worker: Any) -> None:
    """Each worker counts in a row that no living one counts in."""
    taken = {other.row for other in server.WORKERS.values()}
    worker.row = next((row for row in range(metrics.ROWS) if row not in taken), metrics.ROWS - 1)


def post_fork(server: Any, worker: Any) -> None:
    """A worker waits less for its calls than the master waits for it, and so has the time to write what it counted."""
    worker.cfg.set("graceful_timeout", max(1, worker.cfg.graceful_timeout - SECONDS_TO_WRITE))
    if metrics.board:
        metrics.board.take(worker.row)


def worker_exit(server: Any, worker: Any) -> None:
    """Whether it was recycled or told to end: what it has counted is written first."""
    from tokens.ledger import ledger

    ledger.flush()
    if metrics.board:
        metrics.board.take(worker.row)


bind = os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or '8000'}"
workers = int(os.environ.get("WEB_CONCURRENCY") or "1")
threads = 8
worker_class = "config.worker.Worker"
logger_class = "config.worker.Log"
timeout = 30
graceful_timeout = 20
max_requests = 100_000
max_requests_jitter = 10_000
accesslog = None
logconfig_dict = settings.LOGGING
forwarder_headers = ""  # or whoever calls from this machine, or through a proxy on it, says which part of a path counts
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 16_380
control_socket_disable = True

# With raiseExceptions on, a log that cannot be written would print the whole request, credentials included.
logging.raiseExceptions = False
