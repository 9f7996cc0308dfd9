"""What a visitor sees when something is wrong; under the API prefix, what a program reads."""

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tokens.problems import is_api_path, problem

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2
# PostgreSQL that stands by for another one takes nothing down; the file of SQLite is damaged, or another one.
SHUT = {"25006", "SQLITE_CORRUPT", "SQLITE_NOTADB"}


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page_or_problem(request, 403, "forbidden", "This is not allowed.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/csrf.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page_or_problem(request, 404, "not_found", "There is nothing here.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page_or_problem(request, 400, "bad_request", "The request cannot be understood.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django asks for this page while it handles what broke."""
    error = sys.exc_info()[1]
    if error and is_passing(error):
        return unavailable(request, error)
    return page_or_problem(request, 500, "internal_error", "Something broke while we answered.")


def is_passing(error: BaseException) -> bool:
    """Whether the database was away, broke off, or took nothing down; not that a statement made no sense."""
    code = code_of(error)
    return code in SHUT or (isinstance(error, OperationalError | InterfaceError) and code != "SQLITE_ERROR")


def code_of(error: BaseException) -> str:
    """What the database itself calls the error; "" where it was not asked."""
    cause = error.__cause__
    return getattr(cause, "sqlstate", "") or getattr(cause, "sqlite_errorname", "")


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    logger.warning(
        "The database cannot be asked: %s", f"{type(error.__cause__ or error).__name__} {code_of(error)}".strip()
    )
    response = page_or_problem(request, 503, "database_unavailable", "The database cannot be asked at the moment.")
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response._has_been_logged = True  # type: ignore[attr-defined]  # or Django would add a traceback for every call
    return response


def page_or_problem(request: HttpRequest, status: int, code: str, title: str) -> HttpResponse:
    if is_api_path(request):
        return problem(status, code, title)
    return render(request, f"{status}.html", status=status)
