"""The cast: Alice owns, Bob administers her organization, Mallory another one, Charlie must see nothing."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from accounts import triggers
from accounts.models import License, Organization, User
from config import quick
from config.limiter import limiter
from tests.factories import LicenseFactory, OrganizationFactory, UserFactory
from tests.migrating import migrate_forward
from tests.server.postgresql import PostgreSQL
from tests.server.redis import RedisServer
from tokens import foreign
from tokens.ledger import Gathered, ledger
from tokens.throttling import recently_met


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests that commit empty every table afterwards, the audit log too: its triggers are for the tests about them."""
    with django_db_blocker.unblock():
        triggers.remove(connection)


# A slow machine is no fault, and the same code has the same outcome: who wants others tries harder (FUZZ_EXAMPLES).
hypothesis_settings.register_profile(
    "house",
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("house")


@pytest.fixture(autouse=True)
def fresh_counters() -> Iterator[None]:
    """Rate limits, caches and usage live in the process, not in the transaction of a test.

    Nothing may be left in the ledger after the last test either: at exit it would go into the real database.
    """
    quick.settings.__dict__.clear()  # pytest.mark.urls changes one of them without a signal
    cache.clear()
    limiter.reset()
    recently_met.reset()
    ledger.gathered = Gathered()
    foreign.known.forget()
    yield
    ledger.gathered = Gathered()


@pytest.fixture
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Django's own test client does it: a request that begins or ends does not end the test's connection."""
    monkeypatch.setattr(connections["default"], "close_if_unusable_or_obsolete", lambda: None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A real one, for databases of the tests' own; apart from that on which the tests themselves may run."""
    postgresql = PostgreSQL()
    try:
        postgresql.start()
        yield postgresql
    finally:
        postgresql.remove()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A real one, of the test's own."""
    redis = RedisServer()
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture
def comes_back(transactional_db: None) -> Iterator[None]:
    """The newest schema, which later tests need too."""
    yield
    migrate_forward()


@pytest.fixture
def organization(db: None) -> Organization:
    return OrganizationFactory(name="Meridian Cartography", slug="meridian")


@pytest.fixture
def alices_license(organization: Organization) -> License:
    alice = UserFactory(email="alice@example.org", name="Alice Holm")
    return LicenseFactory(user=alice, organization=organization, name="Studio", number="ST-20417")


@pytest.fixture
def alice(alices_license: License) -> User:
    return alices_license.user


@pytest.fixture
def bob(organization: Organization) -> User:
    bob = UserFactory(email="bob@example.org", name="Bob Reyes")
    LicenseFactory(user=bob, organization=organization, administrator=True, number="ST-20418")
    return bob


@pytest.fixture
def mallory(db: None) -> User:
    mallory = UserFactory(email="mallory@example.org", name="Mallory Quist")
    LicenseFactory(user=mallory, organization=OrganizationFactory(slug="elsewhere"), administrator=True)
    return mallory


@pytest.fixture
def charlie(db: None) -> User:
    return UserFactory(email="charlie@example.org", name="Charlie Onsager")


def signed_in(user: User) -> Client:
    """A browser in which the user has just signed in, through the real page."""
    from django.urls import reverse

    from tests.factories import PASSWORD

    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(user.pk)
    return client
