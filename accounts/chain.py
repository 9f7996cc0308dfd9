"""How the audit log is sealed: the keys, the canonical form of a row, and the code that ties it to the row before.

Stored format, version 1. A *chain* is the log of one organization, or the site's own where `organization_id` is null;
positions in it are 1, 2, 3, …

    mac = HMAC-SHA-256(key, label + 00 + former + canonical)

`label` is ASCII: "event" for a row of the log, "head" for the row that says where a chain ends, "mark" for the row
that says where it was cut. `former` is the mac of the event one position before; 32 zero bytes for the first one, and
for heads and marks. `canonical` is the ASCII text of one JSON object with every stored column but `mac` (of heads and
marks also without `id`): names sorted, no spaces, characters beyond ASCII as \\uXXXX. Moments are UTC with
microseconds (2026-11-22T09:31:00.000000Z), bytes are small hexadecimal digits, addresses the text that is stored,
everything else as JSON has it.

Keys are numbered and come from AUDIT_KEYS. Where it has none, they are derived from TOKEN_PEPPERS as
HMAC-SHA-256(pepper, "tokenrack audit log") and numbered from 10,000 on: the pepper's number and 10,000.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Model

BEGINNING = bytes(32)


class KeyMissing(Exception):
    """A row was signed with a key that the settings no longer hold."""


def newest_key() -> int:
    """Keys of the operator's own go before derived ones."""
    return max(settings.AUDIT_KEYS, key=lambda number: (number < settings.FIRST_DERIVED_AUDIT_KEY, number))


def mac(label: str, columns: Mapping[str, Any], former: bytes = BEGINNING) -> bytes:
    """The code of a row with these columns, under the key that the column `key` names. Raises KeyMissing."""
    try:
        key = settings.AUDIT_KEYS[columns["key"]]
    except (KeyError, TypeError):
        raise KeyMissing(columns["key"]) from None
    return hmac.digest(key, label.encode() + b"\0" + former + canonical(columns).encode(), "sha256")


def canonical(columns: Mapping[str, Any]) -> str:
    """The one text of a row. Raises TypeError for a value that no column of ours holds."""
    return json.dumps(columns, sort_keys=True, separators=(",", ":"), default=in_words)


def in_words(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, memoryview | bytes):
        return bytes(value).hex()
    raise TypeError(f"The log holds no {type(value).__name__}.")


def columns_of(row: Model) -> dict[str, Any]:
    """What is signed of a row, by the names of its columns."""
    unsigned = {"mac"} if row._meta.model_name == "auditevent" else {"id", "mac"}
    return {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in unsigned
    }


def sign(label: str, row: Any, former: bytes = BEGINNING) -> None:
    row.key = newest_key()
    row.mac = mac(label, columns_of(row), former)


def is_signed(label: str, row: Any, former: bytes = BEGINNING) -> bool:
    """Whether a row holds the code that belongs to it. Raises KeyMissing."""
    try:
        expected = mac(label, columns_of(row), former)
    except (TypeError, ValueError, AttributeError):  # a column holds what no column of ours holds
        return False
    return isinstance(row.mac, memoryview | bytes) and hmac.compare_digest(expected, bytes(row.mac))
