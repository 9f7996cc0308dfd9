"""What HTTP itself asks of the API: HEAD wherever there is GET, OPTIONS, and an end to what is read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config import headers
from config.quick import settings
from tokens.problems import as_problem, problem


def answer(request: HttpRequest, get_response: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """The answer of an endpoint, or a problem. HEAD is asked as GET; what it may not carry is left out at the end."""
    if fault := fault_of(request):
        return fault
    method, request.method = request.method, "GET" if request.method == "HEAD" else request.method
    try:
        response = as_problem(get_response(request))
    finally:
        request.method = method
    if response.status_code != 405 or not response.has_header("Allow"):
        return response
    allowed = {*response["Allow"].split(", "), "OPTIONS"}
    response.headers["Allow"] = ", ".join(sorted(allowed | {"HEAD"} if "GET" in allowed else allowed))
    if method == "OPTIONS":
        empty = HttpResponse(status=204, headers={"Allow": response["Allow"]})
        del empty.headers["Content-Type"]
        return empty
    return response


def fault_of(request: HttpRequest) -> HttpResponse | None:
    """Why the request is not even read: its body is too long, or the length of that is not known."""
    meta = request.META
    length = meta.get("CONTENT_LENGTH") or ""
    if not length and meta.get("HTTP_TRANSFER_ENCODING"):
        return problem(411, "length_required", "Length Required.", "Say the length of the body in Content-Length.")
    if length and not (length.isascii() and length.isdigit()):
        return problem(400, "bad_request", "The request cannot be understood.", "Content-Length is no number.")
    if not length:
        return None
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if len(length) > 18 or int(length) > most:
        return problem(413, "content_too_large", "Content Too Large.", f"At most {most} bytes.")
    return None


def complete(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """With the length of what GET gives, or would have given (RFC 9110, section 9.3.2)."""
    if response.streaming or response.status_code == 204:
        return response
    headers.put_missing(response, "Content-Length", str(len(response.content)))
    if request.method == "HEAD":
        response.content = b""
    return response
