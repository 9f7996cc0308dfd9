"""gunicorn's log, as config/gunicorn.py has it."""

from datetime import timedelta

import pytest
from django.conf import settings
from gunicorn.config import Config

from config.worker import Log


class Unread:
    """A response of which nothing may be asked: neither it nor the request is there."""


def log_of(**choices: object) -> Log:
    config = Config()
    for name, value in choices.items():
        config.set(name, value)
    log = Log.__new__(Log)
    log.cfg = config
    return log


def test_no_line_is_put_together_that_nobody_reads() -> None:
    log = log_of(logconfig_dict=settings.LOGGING)

    log.access(Unread(), Unread(), {}, timedelta())


def test_who_asks_for_an_access_log_gets_one() -> None:
    log = log_of(logconfig_dict=settings.LOGGING, accesslog="-")

    with pytest.raises(AttributeError, match="Unread"):
        log.access(Unread(), Unread(), {}, timedelta())
