"""Django Ninja: `TokenAPI` instead of NinjaAPI, and `TokenAuth` wherever Ninja takes an `auth`."""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction, signature
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.security.base import AuthBase

from tokens import scopes
from tokens.models import Token
from tokens.protect.door import checked, let_in, told, turned_away
from tokens.refusals import Refused


class TokenAuth(AuthBase):
    """Opens an operation, or a router of them, to tokens that allow what is needed."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "A token of Tokenrack."

    def __init__(self, needed: str) -> None:
        self.needed = checked(needed)
        super().__init__()

    def __call__(self, request: HttpRequest) -> Token:
        return let_in(request, self.needed)


def scopes_of(operation: Operation) -> list[str]:
    """What the tokens that open it have to allow."""
    needed = {
        scopes.needed_for(method, auth.needed)
        for auth in operation.auth_callbacks
        if isinstance(auth, TokenAuth)
        for method in operation.methods
    }
    return sorted(needed - {""})


class ScopedSchema(OpenAPISchema):
    """OpenAPI 3.1 lets any security requirement list what it asks for; Ninja leaves the list empty."""

    def operation_security(self, operation: Operation) -> list[dict[str, Any]] | None:
        security = super().operation_security(operation)
        for requirement in security or []:
            if TokenAuth.__name__ in requirement:
                requirement[TokenAuth.__name__] = scopes_of(operation)
        return security


class TokenAPI(NinjaAPI):
    """Answers refusals as problems, gives answers the headers of a call, and names scopes in its description."""

    described_by: type[OpenAPISchema] = ScopedSchema

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.exception_handler(Refused)(refused)
        self.add_decorator(telling, mode="view")

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        return self.described_by(self, prefix)


def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    request.refused = error  # type: ignore[attr-defined]  # for the middleware, which counts it
    return turned_away(request, error)


def telling(run: Callable[..., Any]) -> Callable[..., Any]:
    """Around an operation with its authentication."""
    run = quick_way(run.__self__) or run  # type: ignore[attr-defined]

    @wraps(run)
    def running(request: HttpRequest, **values: Any) -> Any:
        return told(request, run(request, **values))

    @wraps(run)
    async def running_async(request: HttpRequest, **values: Any) -> Any:
        return told(request, await run(request, **values))

    return running_async if iscoroutinefunction(run) else running


def quick_way(operation: Operation) -> Callable[..., Any] | None:
    """Of an operation that takes nothing and makes its answer itself: Ninja would make another, and inspect it all."""
    is_made = signature(operation.view_func).return_annotation is HttpResponse
    is_guarded = len(operation.auth_callbacks) == 1 and isinstance(operation.auth_callbacks[0], TokenAuth)
    if not is_made or not is_guarded or operation.is_async or operation.models or operation.throttle_objects:
        return None
    (let_in_to,) = operation.auth_callbacks

    def run(request: HttpRequest) -> Any:
        try:
            let_in_to(request)
            return operation.view_func(request)
        except Exception as error:  # noqa: BLE001 - as Ninja does: what nobody handles is raised again there
            return operation.api.on_exception(request, error)

    return run
