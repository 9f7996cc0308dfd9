"""Plain Django views: functions, async functions, and classes through `method_decorator`."""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.views.decorators.csrf import csrf_exempt

from tokens.protect.door import checked, let_in, told, turned_away
from tokens.refusals import Refused

View = Callable[..., Any]


def token_required(needed: str) -> Callable[[View], View]:
    """Opens a view to tokens that allow what is needed, and to nobody else. No cookie is read, so no CSRF is needed."""
    checked(needed)

    def guard(view: View) -> View:
        guarded = guarded_async(view, needed) if iscoroutinefunction(view) else guarded_sync(view, needed)
        return csrf_exempt(login_not_required(guarded))

    return guard


def guarded_sync(view: View, needed: str) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            let_in(request, needed)
        except Refused as error:
            return turned_away(request, error)
        return told(request, view(request, *args, **kwargs))

    return guarded


def guarded_async(view: View, needed: str) -> View:
    @wraps(view)
    async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            await sync_to_async(let_in)(request, needed)
        except Refused as error:
            return turned_away(request, error)
        return told(request, await view(request, *args, **kwargs))

    return guarded
