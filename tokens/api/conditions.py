"""ETag and If-Match (RFC 9110, sections 8.8.3 and 13.1.1): who edits says which version they looked at.

A version counts what somebody decided, not use: a token in use has a new `last_used_at` every few seconds.
"""

from typing import Annotated

from django.http import HttpResponse
from django.utils.http import parse_etags
from ninja import Header

from tokens.models import Token

IfMatch = Annotated[
    str | None,
    Header(
        None,
        alias="If-Match",
        max_length=1000,
        description="The ETag of what you looked at: 412, if it was changed since.",
    ),
]


def tag(token: Token, response: HttpResponse) -> None:
    response["ETag"] = f'"{token.version}"'


def version_seen(token: Token, if_match: str | None) -> str:
    """The version that a caller insists on, "" for none. Of several tags the one that holds, if one does."""
    if if_match is None or if_match.strip() == "*":
        return ""
    versions = [etag.strip('"') for etag in parse_etags(if_match) if not etag.startswith("W/")]
    return token.version if token.version in versions else next(iter(versions), "none")
