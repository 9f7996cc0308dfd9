"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): what is sent twice is done once."""

import hashlib
from typing import Annotated, Any
from uuid import UUID, uuid5

from ninja import Header
from pydantic import BaseModel, StringConstraints

from tokens.requests import CallRequest

NAMESPACE = UUID("0b8f7c1e-52a3-4d0c-9c1b-6a5d8c4f2e71")

IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")] | None,
    Header(
        None,
        alias="Idempotency-Key",
        description="A text of your own, such as a UUID. Sent again with the same request, it is done once.",
    ),
]


def once(request: CallRequest, key: str | None, body: BaseModel | None = None) -> dict[str, Any]:
    """What lifecycle takes to know a request again: the key is a person's, for what the calling token reaches."""
    if key is None:
        return {}
    said = body.model_dump_json(exclude_unset=True) if body else ""
    asked = f"{request.method} {request.path_info} {said}"
    caller = request.token
    place = f"token {caller.pk}" if "/self/" in request.path_info else f"license {caller.license_id}"
    return {
        "request_key": uuid5(NAMESPACE, f"{request.user.pk} {place} {key}"),
        "request_fingerprint": hashlib.sha256(asked.encode()).hexdigest(),
    }
