"""What a visitor sees when something is wrong; under the API prefix, what a program reads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tokens.problems import is_api_path, problem


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page_or_problem(request, 403, "forbidden", "This is not allowed.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/csrf.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page_or_problem(request, 404, "not_found", "There is nothing here.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page_or_problem(request, 400, "bad_request", "The request cannot be understood.")


def server_error(request: HttpRequest) -> HttpResponse:
    return page_or_problem(request, 500, "internal_error", "Something broke while we answered.")


def page_or_problem(request: HttpRequest, status: int, code: str, title: str) -> HttpResponse:
    if is_api_path(request):
        return problem(status, code, title)
    return render(request, f"{status}.html", status=status)
