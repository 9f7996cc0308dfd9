"""Errors of the API as `application/problem+json` (RFC 9457), every one with a `code` for programs."""

import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse

from config import headers
from config.headers import Prepared
from tokens.refusals import Refusal, Refused

if TYPE_CHECKING:
    from tokens.models import Block

PREFIX = settings.API_PATH_PREFIX
ROOT = f"{PREFIX}v1/"
DOCS_PATH = f"{ROOT}docs"
CONTENT_TYPE = "application/problem+json"

encode = DjangoJSONEncoder().encode


def problem(status: int, code: str, title: str, detail: str = "", **members: Any) -> HttpResponse:
    body = {"type": "about:blank", "title": title, "status": status, "code": code, **members}
    if detail:
        body["detail"] = detail
    return made(encode(body).encode(), status, code)


def made(body: bytes, status: int, code: str) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type=CONTENT_TYPE)
    response.code = code  # type: ignore[attr-defined]  # for the metrics
    return response


def problem_of(refused: Refused) -> HttpResponse:
    """The refusal, with the challenge of RFC 6750, section 3, that a 401 or 403 must carry."""
    refusal = refused.refusal
    body, told = said(refusal, refused.scope, refused.rule)
    response = made(body, refusal.status, refusal.code)
    headers.put(response, told)
    if refused.retry_after is not None:
        headers.put(response, {"retry-after": ("Retry-After", str(refused.retry_after))})
    return response


@functools.lru_cache(maxsize=256)
def said(refusal: Refusal, scope: str, rule: "Block | None") -> tuple[bytes, Prepared]:
    """The body and the headers of a refusal: there are few of them, and floods of each."""
    members: dict[str, Any] = {"error": refusal.error} if refusal.error else {}
    detail = ""
    if scope:
        members["scope"] = scope
        detail = f"The permission {scope} would do."
    if rule:
        members["rule"] = rule.value
        detail = f"The rule that keeps it from working: {rule.label}."
    response = problem(refusal.status, refusal.code, refusal.title, detail, **members)
    is_challenged = refusal.status in {400, 401, 403}
    told = {"WWW-Authenticate": challenge(refusal.error, refusal.title, scope)} if is_challenged else {}
    return response.content, headers.prepared(told)


def challenge(error: str, description: str, scope: str) -> str:
    parts = [f'Bearer realm="{urlsplit(settings.SITE_URL).hostname}"']
    if error:
        parts += [f'error="{error}"', f'error_description="{description}"']
    if scope:
        parts.append(f'scope="{scope}"')
    return ", ".join(parts)


def as_problem(response: HttpResponse) -> HttpResponse:
    """An error that Django or a library answered in its own words, said in ours. What is JSON already stays."""
    if response.status_code < 400 or response.get("Content-Type", "").startswith((CONTENT_TYPE, "application/json")):
        return response
    status = HTTPStatus(response.status_code)
    replacement = problem(status, status.name.lower(), f"{status.phrase}.")
    if response.has_header("Allow"):
        replacement["Allow"] = response["Allow"]
    return replacement


def is_api_path(request: HttpRequest) -> bool:
    return request.path_info.startswith(PREFIX)


def is_call(request: HttpRequest) -> bool:
    """Under the API's prefix all but the page that describes it to people."""
    return is_api_path(request) and request.path_info != DOCS_PATH
