"""Acts on one server hold on the other from their answer on; of many at once through both, as many win as may."""

import time
from collections.abc import Callable

import pytest

from tests.cluster.cluster import Answer, Cluster, Load, at_once, call, statuses
from tests.cluster.conftest import Person

CROWD = 100
SCOPES = ["account:read"]
DEACTIVATE_PERSON = """
import sys
import django

django.setup()

from accounts import seats
from accounts.actor import SYSTEM
from accounts.models import User

seats.deactivate_user(User.objects.get(pk=sys.argv[1]), actor=SYSTEM)
"""

Act = Callable[[Cluster, dict[str, Person]], Answer | str]


def through_first(
    cluster: Cluster, text: str, path: str, body: object = None, status: int = 200, **headers: str
) -> Answer:
    answer = call(cluster.ports[0], text, path, body, **headers)
    assert answer.status == status, answer
    return answer


def revoke(cluster: Cluster, people: dict[str, Person]) -> Answer:
    alice = people["alice"]
    return through_first(cluster, alice["account"], f"tokens/{alice['named_id']}/revoke", {})


def rotate(cluster: Cluster, people: dict[str, Person]) -> Answer:
    return through_first(cluster, people["alice"]["named"], "tokens/self/rotate", {"overlap_seconds": 0}, 201)


def deactivate_license(cluster: Cluster, people: dict[str, Person]) -> Answer:
    path = f"organization/{people['bob']['slug']}/members/{people['alice']['license']}/deactivate"
    return through_first(cluster, people["bob"]["account"], path, {})


def deactivate_person(cluster: Cluster, people: dict[str, Person]) -> str:
    return cluster.servers[0].run("-c", DEACTIVATE_PERSON, str(people["alice"]["user"]))


def tighten_policy(cluster: Cluster, people: dict[str, Person]) -> Answer:
    path = f"organization/{people['bob']['slug']}/policy"
    seen = through_first(cluster, people["bob"]["account"], path).headers["ETag"]
    rules = {"allowed_networks": ["203.0.113.0/24"]}
    return through_first(cluster, people["bob"]["account"], path, rules, method="PATCH", If_Match=seen)


@pytest.mark.parametrize("act", [revoke, rotate, deactivate_license, deactivate_person, tighten_policy])
def test_no_call_that_begins_after_the_act_passes_on_the_other_server(
    cluster: Cluster, people: dict[str, Person], act: Act
) -> None:
    text, other = people["alice"]["named"], cluster.ports[1]

    with Load(lambda _: call(other, text)) as load:
        load.wait_for(30)
        act(cluster, people)
        done = time.monotonic()
        load.wait_for(60)

    assert len(load.since(done)) >= 50
    assert statuses(load.since(done)) <= {401, 403}
    assert 200 in statuses(answer for began, answer in load.seen if began < done)


def test_a_former_account_token_passes_nowhere_after_the_answer(cluster: Cluster, alice: Person) -> None:
    with Load(lambda _: call(cluster.ports[1], alice["account"])) as load:
        load.wait_for(30)
        fresh = through_first(cluster, alice["account"], "tokens/self/rotate", {}, 201).body["plaintext"]
        done = time.monotonic()
        load.wait_for(60)

    assert statuses(load.since(done)) == {401}
    assert call(cluster.ports[1], fresh).status == 200


def test_of_a_hundred_creations_at_once_through_both_the_allowance_wins(cluster: Cluster, alice: Person) -> None:
    answers = at_once(
        CROWD,
        lambda number: call(cluster.front.port, alice["account"], "tokens", {"name": f"t{number}", "scopes": SCOPES}),
    )

    made = [answer.body["plaintext"] for answer in answers if answer.status == 201]
    assert statuses(answers) == {201, 409}
    assert len(made) == 9  # beside the one that hung there
    assert {answer.body["code"] for answer in answers if answer.status == 409} == {"allowance_exhausted"}
    assert {call(port, text).status for text in made for port in cluster.ports} == {200}
    counted = cluster.ask("SELECT count(*) FROM tokens_token WHERE license_id = %s", alice["license"])
    assert counted == [(10,)]


def test_of_many_new_account_tokens_at_once_one_lives(cluster: Cluster, alice: Person) -> None:
    answers = at_once(20, lambda number: call(cluster.ports[number % 2], alice["account"], "tokens/self/rotate", {}))

    made = [answer.body["plaintext"] for answer in answers if answer.status == 201]
    assert made
    assert statuses(answers) <= {201, 401}
    assert sum(call(cluster.ports[0], text).status == 200 for text in made) == 1
    living = "SELECT count(*) FROM tokens_token WHERE owner_id = %s AND license_id IS NULL AND revoked_at IS NULL"
    assert cluster.ask(living, alice["user"]) == [(1,)]


def test_of_many_let_in_again_at_once_onto_the_last_hook_one_wins(cluster: Cluster, alice: Person) -> None:
    account = alice["account"]
    stopped = []
    for number in range(10):
        made = through_first(cluster, account, "tokens", {"name": f"r{number}", "scopes": SCOPES}, 201).body
        stopped.append(made["id"])
        through_first(cluster, account, f"tokens/{made['id']}/revoke", {})
    for number in range(8):  # with the one that hung there, nine
        through_first(cluster, account, "tokens", {"name": f"k{number}", "scopes": SCOPES}, 201)

    answers = at_once(
        10, lambda number: call(cluster.ports[number % 2], account, f"tokens/{stopped[number]}/re-approve", {})
    )

    assert sorted(answer.status for answer in answers) == [200, *[409] * 9]
