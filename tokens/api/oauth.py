"""Requests and errors as OAuth has them: a form, nothing twice, an `error` for its clients (RFC 6749, section 5.2)."""

from django.http import HttpRequest

from tokens.api.errors import OAuthError
from tokens.api.schemas import OAuthForm

FORM = "application/x-www-form-urlencoded"


def check_form(request: HttpRequest, form: OAuthForm) -> None:
    if request.content_type != FORM:
        raise OAuthError(f"Send a form, as {FORM}.", status=415, code="unsupported_media_type")
    known = type(form).model_fields
    repeated = sorted(name for name, values in request.POST.lists() if name in known and len(values) > 1)
    if repeated:
        raise OAuthError(f"{repeated[0]!a} stands twice in the form.")
    if not form.token:
        raise OAuthError("The form has no token.")
