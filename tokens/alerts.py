"""A token is used from a network where it was never seen: its owner is told, at most once a day for each token."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.db import Error, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from tokens import letters
from tokens.ledger import Gathered, Visit
from tokens.lifecycle.rows import record
from tokens.models import Token, TokenNetwork

logger = logging.getLogger(__name__)

ALERT_EVERY = timedelta(days=1)
PREFIXES = {4: 24, 6: 48}


def network_of(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one: what a provider usually gives to one place."""
    version = ip_address(address).version
    return str(ip_network(f"{address}/{PREFIXES[version]}", strict=False))


def look_at(gathered: Gathered) -> None:
    """Remember the networks that were gathered, and tell the owners of new ones. A failure here loses no counter."""
    try:
        for token, network, visit, address in new_networks(gathered):
            greet(token, network, Actor(None, address, visit.user_agent), visit.last_at or timezone.now())
    except Error as error:
        logger.warning("New networks could not be noted: %s", type(error).__name__)


def new_networks(gathered: Gathered) -> Iterator[tuple[int, str, Visit, str]]:
    seen = {(token, network_of(address)): (visit, address) for (token, address), visit in gathered.visits.items()}
    tokens = {token for token, _ in seen}
    known = set(TokenNetwork.objects.filter(token__in=tokens).values_list("token_id", "network"))
    for (token, network), (visit, address) in seen.items():
        if (token, network) not in known:
            yield token, network, visit, address


def greet(token_id: int, network: str, actor: Actor, at: datetime) -> None:
    """Note a network and, if it is news, tell the owner. A letter that did not leave lets the next news through."""
    noted = note(token_id, network, actor, at)
    if noted is None or noted.alerted_at is None:
        return
    token = noted.token
    if not letters.send("new_network", token, told(token), address=actor.address, user_agent=actor.user_agent, at=at):
        noted.alerted_at = None
        noted.save(update_fields=["alerted_at"])


def told(token: Token) -> list[User]:
    return [person for person in letters.readers(token) if person.wants_alerts]


@transaction.atomic
def note(token_id: int, network: str, actor: Actor, at: datetime) -> TokenNetwork | None:
    """Under a lock on the token, so that of two processes one has the news; None for the other."""
    token = Token.objects.select_for_update(of=("self",)).with_surroundings().get(pk=token_id)
    others = TokenNetwork.objects.filter(token=token)
    is_first = not others.exists()
    told_today = others.filter(alerted_at__gt=timezone.now() - ALERT_EVERY).exists()
    is_told = not (is_first or told_today) and bool(told(token))
    noted, is_new = TokenNetwork.objects.get_or_create(
        token=token, network=network, defaults={"first_at": at, "alerted_at": timezone.now() if is_told else None}
    )
    if not is_new:
        return None
    if not is_first:
        record("token.new_network", token, actor=actor, network=network)
    return noted
