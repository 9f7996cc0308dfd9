"""The API under `/api/v1/`, put together."""

from django.conf import settings
from django.views.decorators.http import require_safe
from ninja import Swagger

from tokens.api import errors, forward_auth, introspect, leaks, me, own_tokens, revoke, this_token
from tokens.api.description import TAGS, Description
from tokens.api.organization.endpoints import ROUTERS as ORGANIZATION
from tokens.api.parser import StrictParser
from tokens.protect.ninja import TokenAPI


class TokenrackAPI(TokenAPI):
    described_by = Description


api = TokenrackAPI(
    title=settings.SITE_NAME,
    version=settings.VERSION,
    description="What scripts can do with their token, and how other services check theirs.",
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url="/docs",
    docs_decorator=require_safe,
    # No validator elsewhere, and the models closed: they follow the operations that use them.
    docs=Swagger(settings={"validatorUrl": "none", "defaultModelsExpandDepth": 0}),
    parser=StrictParser(),
    servers=[{"url": settings.SITE_URL, "description": "This installation."}],
    openapi_extra={
        "info": {
            "license": {"name": "MIT", "identifier": "MIT"},
            "contact": {"name": settings.SITE_NAME, "url": settings.SITE_URL},
        },
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
    },
)
errors.register(api)
parts = (me, this_token, own_tokens, introspect, revoke, leaks, forward_auth)
for router in (*(part.router for part in parts), *ORGANIZATION):
    api.add_router("", router)
