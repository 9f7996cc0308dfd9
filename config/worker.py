"""gunicorn's worker, with words of our own for requests that never get as far as Django."""

import json
from typing import Any

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from config.logs import NOBODYS, current_request_id

Fault = tuple[int, str, str]

BAD_REQUEST: Fault = (400, "bad_request", "The request cannot be understood.")
BROKEN: Fault = (500, "internal_error", "Something broke while we answered.")
FAULTS: dict[type[Exception], Fault] = {
    errors.LimitRequestLine: (414, "uri_too_long", "URI Too Long."),
    errors.LimitRequestHeaders: (431, "headers_too_large", "Request Header Fields Too Large."),
    errors.ExpectationFailed: (417, "expectation_failed", "Expectation Failed."),
    errors.UnsupportedTransferCoding: (501, "not_implemented", "Not Implemented."),
    # The application, not the caller, tried to send these.
    errors.InvalidResponseHeader: BROKEN,
    errors.InvalidResponseHeaderName: BROKEN,
    errors.ConfigurationProblem: BROKEN,
}


class Worker(ThreadWorker):
    """What gunicorn itself would answer is HTML, and both that and its log repeat what was sent: tokens too."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        current_request_id.set(NOBODYS)  # the thread has answered others before
        is_readable = not isinstance(exc, errors.ParseException)
        fault = FAULTS.get(type(exc), BROKEN if is_readable else BAD_REQUEST)
        if fault is BROKEN:
            self.log.error("A request could not be answered.", exc_info=exc)
        else:
            self.log.warning("A request from %s could not be read: %s", (addr or ("",))[0], type(exc).__name__)
        try:
            util.write_nonblock(client, answer(*fault))
        except OSError:
            self.log.debug("Nobody waited to be told.")


def answer(status: int, code: str, title: str) -> bytes:
    """Shaped as `tokens.problems` has it."""
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "code": code})
    lines = [
        f"HTTP/1.1 {status} {title.rstrip('.')}",
        "Connection: close",
        "Content-Type: application/problem+json",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        f"Content-Length: {len(body)}",
        "",
        body,
    ]
    return "\r\n".join(lines).encode()


class Log(Logger):
    """gunicorn would put a line together for each request, and then find nobody who reads it."""

    @property
    def access_log_enabled(self) -> bool:
        return bool(self.cfg.accesslog)
