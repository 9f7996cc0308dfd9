"""Around the check that a proxy asks for on behalf of another site (`tokens/api/forward_auth.py` decides it)."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tokens.problems import CONTENT_TYPE, ROOT

logger = logging.getLogger(__name__)

PATH = f"{ROOT}forward-auth"


def answer(request: HttpRequest, get_response: Callable[[HttpRequest], Any]) -> Any:
    """The proxy reaches us by a name of its own, and hands our answer on as that of the other site.

    So its name for us counts as ours, and what we ask of browsers for our own site stays here. nginx hands on no body:
    for it a header holds the problem.
    """
    request.META["HTTP_HOST"] = settings.SITE.host
    response = get_response(request)
    response.headers.pop("Strict-Transport-Security", None)
    if response.get("Content-Type") == CONTENT_TYPE:
        response.headers["X-Auth-Problem"] = response.content.decode()
    if response.status_code == 422:
        logger.error("A proxy asks for what cannot be checked, and is refused: %s", response.content.decode())
    return response
