"""Counting in one process: exact, and never more than it has room for."""

import threading
from datetime import UTC, datetime

import pytest
import time_machine

from config.local_counts import LocalCounts

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def test_a_window_begins_with_its_first_hit_and_ends_for_good(clock) -> None:
    counts = LocalCounts()

    assert counts.spend(("a",), 60, 1) == (1, 60)
    clock.shift(59)
    assert counts.spend(("a",), 60, 1) == (2, 1)
    clock.shift(1)
    assert counts.spend(("a",), 60, 1) == (1, 60)


def test_looking_counts_nothing_and_keeps_nothing(clock) -> None:
    counts = LocalCounts()

    assert counts.spend(("a",), 60, 0) == (0, 0)
    assert not counts.windows


def test_a_clock_that_is_set_back_shuts_nobody_out(clock) -> None:
    counts = LocalCounts()
    counts.spend(("a",), 60, 100)

    clock.shift(-3600)

    assert counts.spend(("a",), 60, 1) == (1, 60)


def test_simultaneous_hits_are_each_counted_once() -> None:
    counts, seen = LocalCounts(), []

    def work() -> None:
        seen.extend(counts.spend(("a",), 60, 1)[0] for _ in range(500))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(seen) == list(range(1, 4001))


def test_made_up_addresses_do_not_wash_away_a_count_that_is_higher_than_theirs(clock) -> None:
    counts = LocalCounts(most=100)
    for number in range(80):
        counts.spend((f"early {number}",), 60, 1)
    counts.spend(("guesser",), 60, 10)

    for number in range(1000):
        counts.spend((f"made up {number}",), 60, 1)

    assert counts.spend(("guesser",), 60, 1) == (11, 60)
    assert len(counts.windows) <= 100


def test_windows_that_are_over_make_room_before_any_that_lives(clock) -> None:
    counts = LocalCounts(most=10)
    for number in range(8):
        counts.spend((f"over {number}",), 60, 5)
    clock.shift(60)
    counts.spend(("living",), 60, 1)

    for number in range(2):
        counts.spend((f"new {number}",), 60, 1)

    assert set(counts.windows) == {("living",), ("new 0",), ("new 1",)}
