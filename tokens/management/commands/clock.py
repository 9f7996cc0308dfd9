"""What has to happen by itself, without a broker: gunicorn starts this beside its workers."""

import logging
import os
import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import close_old_connections

logger = logging.getLogger(__name__)

NOTICES_EVERY = 15 * 60
PRUNING_EVERY = 24 * 3600
LOOKS_EVERY = 5


class Command(BaseCommand):
    help = (
        "Send notices every quarter of an hour, prune usage and the audit log once a day, "
        "until the process that started this is gone."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        parent = os.getppid()
        due = {
            "sendnotices": (0.0, NOTICES_EVERY),
            "pruneusage": (0.0, PRUNING_EVERY),
            "pruneaudit": (0.0, PRUNING_EVERY),
        }
        while os.getppid() == parent:
            for name, (at, every) in due.items():
                if time.monotonic() >= at:
                    due[name] = (time.monotonic() + every, every)
                    self.run(name)
            time.sleep(LOOKS_EVERY)

    def run(self, name: str) -> None:
        close_old_connections()
        try:
            call_command(name, stdout=self.stdout)
        except Exception:  # the clock goes on, whatever stopped one of its turns
            logger.exception("%s has to wait for its next turn.", name)
