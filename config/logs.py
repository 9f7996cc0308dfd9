"""Every line of the log says which request it belongs to."""

from contextvars import ContextVar
from logging import LogRecord

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")


def with_request_id(record: LogRecord) -> bool:
    """A logging filter that lets every line pass."""
    record.request_id = current_request_id.get()
    return True
