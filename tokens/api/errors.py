"""Everything that can go wrong inside the API besides a refusal, said in the shape of one."""

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from accounts.seats import SeatRefused
from tokens import refusals
from tokens.api.parser import WrongMediaType
from tokens.lifecycle import ActRefused, TooOften
from tokens.problems import problem
from tokens.refusals import Refused

# Where an act is refused for what was sent, and not for how things stand.
POINTERS = {
    "name": "/name",
    "license": "/license",
    "permissions": "/scopes",
    "ranges": "/allowed_networks",
    "expires_on": "/expires_at",
    "role": "/role",
    "allowance": "/allowance",
    "valid_until": "/valid_until",
    "email": "/email",
    "requires_second_factor": "/requires_second_factor",
}
STATUSES = {
    "beyond_the_calling_token": 403,
    "allowance_exhausted": 409,
    "already_invited": 409,
    "already_member": 409,
    "invitations_exhausted": 409,
    "last_administrator": 409,
    "license_inactive": 409,
    "name_taken": 409,
    "token_ended": 409,
    "precondition_failed": 412,
    "idempotency_key_reused": 422,
    "yourself": 409,
}


class CountDiffers(Exception):
    """What is to happen to many would happen to another number of them than the caller expects."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count:,} match.")
        self.count = count


class PreconditionMissing(Exception):
    """The act is about what the caller saw, and they do not say what that was."""


class Unprocessable(Exception):
    """A part of the request that only the endpoint could find wrong."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.errors = [{"pointer": pointer, "detail": detail}]


class OAuthError(Exception):
    """A form that OAuth's clients sent cannot be understood."""

    def __init__(self, detail: str, *, status: int = 400, code: str = "invalid_request") -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


def register(api: NinjaAPI) -> None:
    @api.exception_handler(ActRefused)
    @api.exception_handler(SeatRefused)
    def act_refused(request: HttpRequest, error: ActRefused | SeatRefused) -> HttpResponse:
        pointer = POINTERS.get(error.field or "")
        status = STATUSES.get(error.code) or (422 if pointer else 409)
        code = "invalid_request" if status == 422 and error.code == "act_refused" else error.code
        members = {"errors": [{"pointer": pointer, "detail": str(error)}]} if pointer else {}
        return problem(status, code, "This is not possible.", str(error), **members)

    @api.exception_handler(TooOften)
    def too_often(request: HttpRequest, error: TooOften) -> HttpResponse:
        request.refused = Refused(refusals.RATE_LIMITED)  # type: ignore[attr-defined]
        response = problem(429, error.code, refusals.RATE_LIMITED.title, str(error))
        response["Retry-After"] = str(error.retry_after)
        return response

    @api.exception_handler(Unprocessable)
    def unprocessable(request: HttpRequest, error: Unprocessable) -> HttpResponse:
        return problem(422, "invalid_request", "The request is not valid.", errors=error.errors)

    @api.exception_handler(OAuthError)
    def not_understood(request: HttpRequest, error: OAuthError) -> HttpResponse:
        return problem(error.status, error.code, "The request is not valid.", str(error), error="invalid_request")

    @api.exception_handler(CountDiffers)
    def count_differs(request: HttpRequest, error: CountDiffers) -> HttpResponse:
        return problem(409, "count_differs", "This is not possible.", str(error), count=error.count)

    @api.exception_handler(PreconditionMissing)
    def precondition_missing(request: HttpRequest, error: PreconditionMissing) -> HttpResponse:
        detail = "Send the ETag of what you looked at as If-Match."
        return problem(428, "precondition_required", "This is not possible.", detail)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [
            {"pointer": pointer_to(entry["loc"]), "detail": entry["msg"].removeprefix("Value error, ")}
            for entry in error.errors
        ]
        return problem(422, "invalid_request", "The request is not valid.", errors=errors)

    @api.exception_handler(HttpError)
    def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
        if isinstance(error.__cause__, WrongMediaType):
            detail = "Say Content-Type: application/json."
            return problem(415, "unsupported_media_type", "Unsupported Media Type.", detail)
        return problem(error.status_code, "bad_request", str(error))

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(404, "not_found", "There is nothing here.")


def pointer_to(location: tuple[str | int, ...]) -> str:
    """A JSON pointer (RFC 6901) into what was sent: ninja puts the place, such as body, and its own name in front."""
    return "".join(f"/{escaped(part)}" for part in location[2:]) or f"/{escaped(location[-1])}"


def escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
