"""JSON as RFC 8259 has it and I-JSON (RFC 7493) narrows it: no NaN, no name twice, UTF-8."""

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser


class WrongMediaType(Exception):
    """The body is said to be something else than JSON."""


class StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        """Ninja makes a 400 of whatever is raised here, and keeps it as the cause."""
        kind = request.content_type or ""
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise WrongMediaType
        return json.loads(request.body.decode(), parse_constant=refuse, object_pairs_hook=object_of)


def refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON.")


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A name stands twice in an object.")
    return found
