"""Answers that are written as they are, of the call that scripts make most, in the shape that its schema says."""

from typing import Any

from django.http import HttpResponse

from tokens.problems import encode


def answer(found: dict[str, Any]) -> HttpResponse:
    """Ninja would check and copy what comes from here a moment ago; the tests do it against the description."""
    return HttpResponse(encode(found).encode(), content_type="application/json")
