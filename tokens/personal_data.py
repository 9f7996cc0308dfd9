"""The file a person takes away: one JSON object, written piece by piece, with what accounts and tokens keep of them."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts import personal_data
from accounts.models import AuditEvent, User
from accounts.personal_data import AT_ONCE, Section, rows
from tokens.models import Notice, RefusalDay, Token, TokenAddress, TokenDay, TokenNetwork

TOKEN = (
    "name",
    "hint",
    "shape_id",
    "allowed_networks",
    "revoke_on_sign_out",
    "created_at",
    "expires_at",
    "revoked_at",
    "stop_reason",
    "predecessor_id",
    "replaced_at",
    "stops_at",
    "stops_on_use",
    "awaits_approval",
    "resumed_at",
    "first_used_at",
    "last_used_at",
    "last_used_address",
)
USE = {
    "calls_by_day": (TokenDay, ("day", "calls", "refusals")),
    "refusals_by_day": (RefusalDay, ("day", "code", "calls", "last_at", "last_address")),
    "addresses": (TokenAddress, ("address", "user_agent", "calls", "last_at")),
    "networks": (TokenNetwork, ("network", "first_at", "alerted_at")),
    "letters": (Notice, ("days", "sent_at")),
}


def written(person: User, *, until: AuditEvent) -> Iterator[str]:
    """UTF-8, keys in the same order every time, times in UTC. Lists hold one row a line."""
    yield f'{{\n"made_at": {as_json(timezone.now())}'
    for name, found in sections(person, until=until):
        yield f',\n"{name}": ['
        for number, row in enumerate(found):
            yield f"{',' if number else ''}\n{as_json(row)}"
        yield "\n]"
    yield "\n}\n"


def sections(person: User, *, until: AuditEvent) -> Iterator[Section]:
    yield from personal_data.sections(person, until=until)
    now = timezone.now()
    tokens = Token.objects.filter(owner=person).with_surroundings().select_related("revoked_by")
    yield "tokens", (described(token, now) for token in tokens.order_by("pk").iterator(chunk_size=AT_ONCE))
    for name, (model, columns) in USE.items():
        found: Any = model._default_manager.filter(token__owner=person)
        yield f"token_{name}", rows(found, ("token_id", *columns))


def described(token: Token, now: datetime) -> dict[str, Any]:
    facts = {name: getattr(token, name) for name in TOKEN}
    identity = {"id": token.pk, "license_id": token.license_id, "scopes": sorted(token.scopes)}
    return identity | facts | {"state": token.state(now), "stopped_by": token.stopper if token.is_revoked else None}


def as_json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
