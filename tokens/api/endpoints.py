"""The API under `/api/v1/`, put together."""

from typing import Any

from django.conf import settings
from ninja import NinjaAPI, Swagger

from tokens.api import errors, me, own_tokens, this_token
from tokens.api.description import TAGS, Description
from tokens.api.organization.endpoints import ROUTERS as ORGANIZATION
from tokens.api.parser import StrictParser


class TokenrackAPI(NinjaAPI):
    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> Description:
        return Description(self, self.get_root_path(path_params or {}) if path_prefix is None else path_prefix)


api = TokenrackAPI(
    title=settings.SITE_NAME,
    version=settings.VERSION,
    description="What scripts can do with their token, and how other services check theirs.",
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url="/docs",
    # No validator elsewhere, and the models closed: they follow the operations that use them.
    docs=Swagger(settings={"validatorUrl": "none", "defaultModelsExpandDepth": 0}),
    parser=StrictParser(),
    servers=[{"url": settings.SITE_URL, "description": "This installation."}],
    openapi_extra={
        "info": {"license": {"name": "MIT", "identifier": "MIT"}},
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
    },
)
errors.register(api)
for router in (me.router, this_token.router, own_tokens.router, *ORGANIZATION):
    api.add_router("", router)
