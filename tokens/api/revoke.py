"""RFC 7009: whoever holds the text of a token may stop it. That is the one thing to do with a token one has found."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables
from ninja import Form, Router

from accounts.actor import Actor
from accounts.address import client_address
from tokens import lifecycle, throttling
from tokens.api.oauth import check_form
from tokens.api.schemas import OAuthForm
from tokens.authentication import recognise
from tokens.refusals import Refused

router = Router(tags=["Other services"])


@router.post(
    "/revoke",
    response={200: None},
    operation_id="revoke_by_text",
    summary="Stop a token by its text",
    description="RFC 7009. No other credential is needed. The answer is the same where there is no such token.",
)
@sensitive_variables()
def revoke_by_text(request: HttpRequest, form: Form[OAuthForm]) -> HttpResponse:
    throttling.count_open_call(client_address(request))
    check_form(request, form)
    try:
        token = recognise(form.token)
    except Refused:
        return HttpResponse(content_type="text/plain")
    lifecycle.revoke_by_text(actor=Actor.of(request), token=token)
    return HttpResponse(content_type="text/plain")
