"""ETag and If-Match (RFC 9110, sections 8.8.3 and 13.1.1): who edits says which version they looked at.

A version counts what somebody decided, not use: a token in use has a new `last_used_at` every few seconds.
"""

from functools import partial
from typing import Annotated, Protocol

from django.http import HttpResponse
from django.utils.http import parse_etags
from ninja import Header

from tokens.api.errors import PreconditionMissing

SEEN = "The ETag of what you looked at"
header = partial(Header, None, alias="If-Match", max_length=1000)
IfMatch = Annotated[str | None, header(description=f"{SEEN}: 412, if it was changed since.")]
NeededIfMatch = Annotated[
    str | None, header(description=f"{SEEN}, which is needed: 428 without it, 412 if it was changed since.")
]


class Versioned(Protocol):
    @property
    def version(self) -> str: ...


def tag(row: Versioned, response: HttpResponse) -> None:
    response["ETag"] = f'"{row.version}"'


def version_seen(row: Versioned, if_match: str | None) -> str:
    """The version that a caller insists on, "" for none. Of several tags the one that holds, if one does."""
    if if_match is None or if_match.strip() == "*":
        return ""
    versions = [etag.strip('"') for etag in parse_etags(if_match) if not etag.startswith("W/")]
    return row.version if row.version in versions else next(iter(versions), "none")


def version_needed(row: Versioned, if_match: str | None) -> str:
    """The same, of a caller who has to have looked."""
    seen = version_seen(row, if_match)
    if not seen:
        raise PreconditionMissing
    return seen
