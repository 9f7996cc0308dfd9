"""A proxy asks whether to let a call through to another site: 204 with who calls, or the refusal as the caller gets it.

What is needed stands in the query, which the proxy's own configuration writes. docs/forward-auth shows how.
"""

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router

from accounts.address import client_address
from accounts.models import Organization
from tokens import scopes, standing
from tokens.api.authorization import needs
from tokens.api.errors import Unprocessable, escaped
from tokens.api.schemas import ForwardAuthQuery
from tokens.ledger import READING
from tokens.refusals import Refused
from tokens.requests import CallRequest
from tokens.standing import Standing

# Envoy asks by the method of the call, the others by GET.
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
NAMED_BY = ("X-Original-Method", "X-Forwarded-Method")
ANY = "any"
HEADERS = {
    "X-Auth-User": "The owner, by a number that stays.",
    "X-Auth-Organization": "The organization in which the token counts; empty where it is none.",
    "X-Auth-Scopes": "What it may do, parted by spaces.",
    "X-Auth-Token-Id": "The token, by its number.",
}

DESCRIBED = {name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.items()}

router = Router(tags=["Other services"])


def forward_auth(request: CallRequest, query: Query[ForwardAuthQuery]) -> HttpResponse:
    check_query(request, query)
    needed = needed_scopes(query, level_of(request, query))
    now = timezone.now()
    stands = standing_of(request, query.organization) if query.organization else standing.anywhere(request.token)
    stands.check(now=now, address=client_address(request))
    for scope in needed:
        stands.require(scope)
    return identity(stands, int(query.status))


for method in METHODS:
    router.api_operation(
        [method],
        "/forward-auth",
        auth=needs(""),
        response={204: None, 200: None},
        operation_id=f"forward_auth_{method.lower()}",
        summary="Check a call for a proxy",
        openapi_extra={"responses": {status: {"headers": DESCRIBED} for status in (200, 204)}},
    )(forward_auth)


def check_query(request: CallRequest, query: ForwardAuthQuery) -> None:
    """A name that is unknown or stands there twice: a slip of the configuration, or the caller got into the query."""
    for name, values in request.GET.lists():
        if name not in ForwardAuthQuery.model_fields or len(values) > 1:
            raise Unprocessable(f"/{escaped(name)}", "It is unknown, or stands there twice.")
    if query.resource is None and query.scope is None:
        raise Unprocessable("/resource", f"Say what is needed: a resource, or a scope, which may be {ANY!r}.")


def level_of(request: CallRequest, query: ForwardAuthQuery) -> str:
    """To read is enough only where the method of the call is known, and nothing seen says otherwise.

    The caller writes headers too: so one method that is not safe outweighs all others, and the headers say something
    only where a proxy is trusted, which sets one of them.
    """
    named = [request.headers[name] for name in NAMED_BY if name in request.headers]
    is_known = query.method == "own" or (bool(named) and settings.TRUSTED_PROXY_COUNT > 0)
    seen = [request.method or "", *named]
    writing = [method for method in seen if method not in READING]
    request.original_method = (writing or seen)[0] if is_known else ""  # type: ignore[attr-defined]
    return scopes.READ if is_known and not writing else scopes.WRITE


def needed_scopes(query: ForwardAuthQuery, level: str) -> list[str]:
    asked = {"/scope": query.scope, "/resource": None if query.resource is None else f"{query.resource}:{level}"}
    needed = {pointer: scope for pointer, scope in asked.items() if scope not in {None, ANY}}
    for pointer, scope in needed.items():
        if not scopes.is_scope(scope or ""):
            raise Unprocessable(pointer, "There is none of that name in TOKEN_RESOURCES.")
    return [scope for scope in needed.values() if scope]


def standing_of(request: CallRequest, slug: str) -> Standing:
    try:
        return standing.in_organization(request.token, slug, now=timezone.now())
    except Refused:
        if not Organization.objects.filter(slug=slug).exists():
            raise Unprocessable("/organization", "There is no such organization.") from None
        raise


def identity(stands: Standing, status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    del response["Content-Type"]
    facts = (stands.token.owner_id, stands.slug, " ".join(sorted(stands.scopes)), stands.token.pk)
    for name, fact in zip(HEADERS, facts, strict=True):
        response[name] = str(fact)
    return response
