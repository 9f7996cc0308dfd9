"""The cluster, and people in it."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.cluster.cluster import Cluster
from tests.server.postgresql import PostgreSQL
from tests.server.redis import RedisServer

SCENE = """
import json
import sys
import django

django.setup()

from accounts.actor import Actor
from tests.factories import LicenseFactory, OrganizationFactory, issue
from tokens import lifecycle

def person(organization, **facts):
    license = LicenseFactory(organization=organization, **facts)
    issued = issue(license)
    account = lifecycle.regenerate(actor=Actor(license.user), owner=license.user)
    return {
        "user": license.user_id,
        "license": license.pk,
        "slug": organization.slug,
        "named": str(issued.plaintext),
        "named_id": issued.token.pk,
        "account": str(account.plaintext),
    }

slug = sys.argv[1]
organization = OrganizationFactory(slug=slug)
facts = {"bob": {"administrator": True}, "alice": {}, "many": {"allowance": 100}}
# Factories count from one in each process: names are told apart by the organization.
print(json.dumps({
    name: person(organization, user__email=f"{name}@{slug}.example", number=f"{slug}-{name}", **fields)
    for name, fields in facts.items()
}))
"""

Person = dict[str, Any]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL) -> Iterator[Cluster]:
    redis = RedisServer()
    redis.start()
    cluster = Cluster.make(tmp_path_factory.mktemp("cluster"), postgresql, redis, postgresql.create("cluster"))
    try:
        cluster.servers[0].run("manage.py", "migrate", "--verbosity", "0")
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        redis.stop()


@pytest.fixture
def people(cluster: Cluster) -> dict[str, Person]:
    """An organization of the test's own: Bob administers it, Alice has ten hooks, another one a hundred."""
    people = json.loads(cluster.servers[0].run("-c", SCENE, f"o{uuid4().hex[:12]}"))
    cluster.wait_until_all_answer(people["many"]["named"])
    return people


@pytest.fixture
def alice(people: dict[str, Person]) -> Person:
    return people["alice"]


@pytest.fixture
def bob(people: dict[str, Person]) -> Person:
    return people["bob"]
