"""Who may open a page. What is not yours is not there: a stranger gets 404, never 403."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.models import Organization
from accounts.requests import PersonRequest

View = Callable[..., HttpResponseBase]


def administrator_required(view: View) -> View:
    """Calls the view with the organization of the address, for its administrators only."""

    @functools.wraps(view)
    def guarded(request: PersonRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        organization = get_object_or_404(Organization.objects.administered_by(request.user), slug=slug)
        return view(request, organization, *args, **kwargs)

    return login_required(guarded)
