"""Everything that can go wrong inside the API besides a refusal, said in the shape of one."""

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from tokens.problems import problem


def register(api: NinjaAPI) -> None:
    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [{"pointer": pointer(entry["loc"]), "detail": entry["msg"]} for entry in error.errors]
        return problem(422, "invalid_request", "The request is not valid.", errors=errors)

    @api.exception_handler(HttpError)
    def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(error.status_code, "bad_request", str(error))

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(404, "not_found", "There is nothing here.")


def pointer(location: tuple[str | int, ...]) -> str:
    """A JSON pointer (RFC 6901) into what was sent: ninja puts the place, such as body, and its own name in front."""
    return "".join(f"/{part}" for part in location[2:]) or "/" + str(location[-1])
