"""Workers are killed while tokens are made: what was answered holds, and what was not is there whole or not at all."""

import os
import signal
from collections import Counter
from itertools import count
from pathlib import Path

from tests.cluster.cluster import Answer, Cluster, Load, at_once, call
from tests.cluster.conftest import Person
from tests.server.app import Server
from tests.waiting import wait_for

ROUNDS = 4
THREADS = 4


def kill_a_worker_of(server: Server) -> None:
    """As soon as there are two: the other one goes on."""
    wait_for(lambda: len(workers_of(server)) == 2, lambda: server.log)
    os.kill(workers_of(server)[0], signal.SIGKILL)


def workers_of(server: Server) -> list[int]:
    """Those that live: one that was killed stands there until its parent has looked."""
    assert server.process is not None
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if lives(child)]


def lives(process: str) -> bool:
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    except OSError:
        return False


def test_what_was_answered_holds_and_nothing_is_half_there(cluster: Cluster, people: dict[str, Person]) -> None:
    owner, numbers = people["many"], count()

    def make(_: int) -> Answer:
        return call(
            cluster.front.port, owner["account"], "tokens", {"name": f"t{next(numbers)}", "scopes": ["account:read"]}
        )

    with Load(make, THREADS) as load:
        for _ in range(ROUNDS):
            load.wait_for(8)
            kill_a_worker_of(cluster.servers[0])

    answers = [answer for _, answer in load.seen if isinstance(answer, Answer)]
    made = [answer.body for answer in answers if answer.status == 201]
    assert made
    assert {answer.status for answer in answers} <= {201, 409, 502}
    cluster.wait_until_all_answer(owner["named"])
    works = at_once(8, lambda number: {call(cluster.ports[1], one["plaintext"]).status for one in made[number::8]})
    assert set().union(*works) == {200}
    rows = cluster.ask("SELECT id FROM tokens_token WHERE license_id = %s", owner["license"])
    told = cluster.ask(
        "SELECT token_id FROM accounts_auditevent WHERE action = 'token.created' AND subject_id = %s", owner["user"]
    )
    assert {one["id"] for one in made} <= {pk for (pk,) in rows}
    assert Counter(told) == Counter(rows)
    assert "BROKEN" not in cluster.servers[0].run("manage.py", "verifyaudit")
