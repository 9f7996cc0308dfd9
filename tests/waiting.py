"""Patience: what another process or thread does is waited for, on a machine however slow."""

import time
from collections.abc import Callable

# For one step. Only a test that fails takes as long.
PATIENCE_SECONDS = 60


def wait_for(condition: Callable[[], object], said: Callable[[], str] = str) -> None:
    """Until it is true; `said` is what to show of who did not come to it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until, said()
        time.sleep(0.05)
