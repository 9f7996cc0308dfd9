"""Errors of the API as `application/problem+json` (RFC 9457), every one with a `code` for programs."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from tokens.refusals import Refused

PREFIX = settings.API_PATH_PREFIX
ROOT = f"{PREFIX}v1/"
DOCS_PATH = f"{ROOT}docs"
CONTENT_TYPE = "application/problem+json"


def problem(status: int, code: str, title: str, detail: str = "", **members: Any) -> JsonResponse:
    body = {"type": "about:blank", "title": title, "status": status, "code": code, **members}
    if detail:
        body["detail"] = detail
    response = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    response.code = code  # type: ignore[attr-defined]  # for the metrics
    return response


def problem_of(refused: Refused) -> JsonResponse:
    """The refusal, with the challenge of RFC 6750, section 3, that a 401 or 403 must carry."""
    refusal = refused.refusal
    members: dict[str, Any] = {"error": refusal.error} if refusal.error else {}
    detail = ""
    if refused.scope:
        members["scope"] = refused.scope
        detail = f"The permission {refused.scope} would do."
    if refused.rule:
        members["rule"] = refused.rule.value
        detail = f"The rule that keeps it from working: {refused.rule.label}."
    response = problem(refusal.status, refusal.code, refusal.title, detail, **members)
    if refusal.status in {400, 401, 403}:
        response["WWW-Authenticate"] = challenge(refusal.error, refusal.title, refused.scope)
    if refused.retry_after is not None:
        response["Retry-After"] = str(refused.retry_after)
    return response


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
