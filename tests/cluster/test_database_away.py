"""PostgreSQL stops or freezes: calls are refused with 503 and a time to come back, and go on as soon as it does."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from config.postgresql.door import CONNECT_SECONDS, PATIENCE_SECONDS
from tests.cluster.cluster import Answer, Cluster, at_once, call
from tests.cluster.conftest import Person

CROWD = 40

TROUBLE: dict[str, tuple[Callable[[Cluster], None], Callable[[Cluster], None]]] = {
    "stopped": (lambda cluster: cluster.postgresql.stop(), lambda cluster: cluster.postgresql.start()),
    "frozen": (lambda cluster: cluster.postgresql.freeze(), lambda cluster: cluster.postgresql.thaw()),
}


@pytest.fixture(params=TROUBLE)
def trouble(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[tuple[Callable, Callable]]:
    begin, end = TROUBLE[request.param]
    yield begin, end
    if cluster.postgresql.is_started:
        cluster.postgresql.thaw()
    else:
        cluster.postgresql.start()


def is_refused_in_order(answer: Answer) -> bool:
    return (
        answer.status == 503
        and answer.headers["Content-Type"] == "application/problem+json"
        and answer.headers["Cache-Control"] == "no-store"
        and int(answer.headers["Retry-After"]) > 0
        and answer.body["code"] == "database_unavailable"
    )


def test_calls_are_refused_meanwhile_and_answered_again_afterwards(
    cluster: Cluster, alice: Person, trouble: tuple[Callable, Callable]
) -> None:
    begin, end = trouble
    text, front = alice["named"], cluster.front.port
    cluster.wait_until_all_answer(text)

    begin(cluster)
    crowd = at_once(CROWD, lambda _: call(front, text))
    written = at_once(
        8, lambda number: call(front, alice["account"], "tokens", {"name": f"n{number}", "scopes": ["account:read"]})
    )
    end(cluster)
    cluster.wait_until_all_answer(text)

    assert [answer for answer in crowd + written if not is_refused_in_order(answer)] == []
    assert [server.process.poll() for server in cluster.servers] == [None, None]


def to_all_sessions(cluster: Cluster, change: str) -> None:
    """Those that are open end, and begin again with the change."""
    with psycopg.connect(cluster.postgresql.url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE cluster {change}")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cluster'")


def test_a_database_that_takes_nothing_down_lets_calls_in_and_refuses_acts(cluster: Cluster, alice: Person) -> None:
    wanted = {"name": "while it stands by", "scopes": ["account:read"]}

    to_all_sessions(cluster, "SET default_transaction_read_only = on")
    try:
        cluster.wait_until_all_answer(alice["named"])
        refused = call(cluster.front.port, alice["account"], "tokens", wanted)
    finally:
        to_all_sessions(cluster, "RESET default_transaction_read_only")
    cluster.wait_until_all_answer(alice["named"])
    issued = call(cluster.front.port, alice["account"], "tokens", wanted)

    assert is_refused_in_order(refused)
    assert issued.status == 201


def test_the_waiting_for_an_answer_is_over_before_five_seconds_are() -> None:
    assert PATIENCE_SECONDS + CONNECT_SECONDS < 5
