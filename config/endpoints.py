"""From the path of a call to its view and back, past everything that Django does on the way of a page.

No middleware of pages looks at the view, and which view answers a path is remembered.
"""

import functools
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.urls import ResolverMatch, get_resolver


def view_of_call(request: HttpRequest) -> Any:
    """The answer of the view, rendered."""
    match, view = found(getattr(request, "urlconf", settings.ROOT_URLCONF), request.path_info)
    request.resolver_match = match
    response = view(request, *match.args, **match.kwargs)
    return response.render() if hasattr(response, "render") else response


# What a view raises becomes the answer that Django has for it.
endpoint: Callable[[HttpRequest], Any] = convert_exception_to_response(view_of_call)


@functools.lru_cache(maxsize=1024)
def found(urlconf: str, path: str) -> tuple[ResolverMatch, Callable[..., Any]]:
    """Raises Resolver404, which is not remembered: so only addresses that exist take up room."""
    match = get_resolver(urlconf).resolve(path)
    return match, async_to_sync(match.func) if iscoroutinefunction(match.func) else match.func
