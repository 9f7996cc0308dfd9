"""What a script does: it calls with a token, and is let in or told why not."""

from typing import Any

from django.test import Client

from tokens.lifecycle import Issued

HOME = "192.0.2.7"
PROGRAM = "nightly-export/2.1"


def call(
    issued: Issued, address: str = HOME, *, path: str = "me", method: str = "get", program: str = PROGRAM, **data: Any
) -> Any:
    """One call from an address; the answer."""
    headers = {"Authorization": f"Bearer {issued.plaintext}", "User-Agent": program}
    client = Client(headers=headers, REMOTE_ADDR=address)
    body = {"data": data, "content_type": "application/json"} if data else {}
    return getattr(client, method)(f"/api/v1/{path}", **body)


def outcome(answer: Any) -> str:
    """ "let in", or the code of the refusal."""
    return "let in" if answer.status_code == 200 else str(answer.json()["code"])
