"""Redis stops or freezes under load: no call is refused for it, and each process says so once."""

from collections.abc import Iterator

import pytest

from tests.cluster.cluster import Cluster, Load, call, statuses
from tests.cluster.conftest import Person
from tests.waiting import wait_for

AWAY, BACK = "Redis is away", "Redis is back"
PROCESSES = 4


@pytest.fixture
def cluster(cluster: Cluster, alice: Person) -> Iterator[Cluster]:
    """Afterwards every process has found Redis again."""
    yield cluster
    cluster.redis.stop()
    cluster.redis.start()
    with Load(lambda _: call(cluster.front.port, alice["named"])):
        wait_for(lambda: said(cluster, BACK) >= said(cluster, AWAY))


@pytest.mark.parametrize("trouble", ["freeze", "stop"])
def test_calls_go_on_and_each_process_says_so_once(cluster: Cluster, alice: Person, trouble: str) -> None:
    cluster.wait_until_all_answer(alice["named"])
    before = said(cluster, AWAY)

    with Load(lambda _: call(cluster.front.port, alice["named"])) as load:
        load.wait_for(50)
        getattr(cluster.redis, trouble)()
        load.wait_for(200)

    assert statuses(answer for _, answer in load.seen) == {200}
    assert 1 <= said(cluster, AWAY) - before <= PROCESSES


def said(cluster: Cluster, words: str) -> int:
    return sum(server.log.count(words) for server in cluster.servers)
