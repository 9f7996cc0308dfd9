"""Around the check that a proxy asks for on behalf of another site (`tokens/api/forward_auth.py` decides it)."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tokens.problems import CONTENT_TYPE

logger = logging.getLogger(__name__)

PATH = f"{settings.API_PATH_PREFIX}v1/forward-auth"


class ForwardAuthMiddleware:
    """The proxy reaches us by a name of its own, and hands our answer on as that of the other site.

    So its name for us counts as ours, and what we ask of browsers for our own site stays here. nginx hands on no body:
    for it a header holds the problem.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != PATH:
            return self.get_response(request)
        request.META["HTTP_HOST"] = settings.SITE.host
        response = self.get_response(request)
        response.headers.pop("Strict-Transport-Security", None)
        if response.get("Content-Type") == CONTENT_TYPE:
            response.headers["X-Auth-Problem"] = response.content.decode()
        if response.status_code == 422:
            logger.error("A proxy asks for what cannot be checked, and is refused: %s", response.content.decode())
        return response
