"""Every line of the log says which request it belongs to."""

import re
from contextvars import ContextVar
from logging import LogRecord

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")


SECRET_PATH = re.compile(r"(/invitation/|/password/reset/key/|/confirm-email/)(?!sign-out/)[^/\s]+")


def with_request_id(record: LogRecord) -> bool:
    """A logging filter that lets every line pass."""
    record.request_id = current_request_id.get()
    if isinstance(record.args, tuple):
        record.args = tuple(without_secret(value) for value in record.args)
    return True


def without_secret(value: object) -> object:
    """Django names the address of a page that failed, and the last part of some is a key to a door."""
    return SECRET_PATH.sub(r"\1…", value) if isinstance(value, str) else value
