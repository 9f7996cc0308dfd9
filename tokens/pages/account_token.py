"""The account token on its two pages: Dashboard, API Key and Security Settings. Both show the same thing."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actor import Actor
from accounts.models import AuditEvent, Organization
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from accounts.sessions import sessions_of
from tokens import feed, lifecycle
from tokens.format import Plaintext
from tokens.forms import AccountTokenForm
from tokens.lifecycle import ActRefused, AlreadyDone
from tokens.models import Token

ACTIVITY_SHOWN = 10

Page = Callable[..., HttpResponse]


@require_GET
@login_required
def api_key(request: PersonRequest) -> HttpResponse:
    return api_key_page(request)


@require_GET
@login_required
def security(request: PersonRequest) -> HttpResponse:
    return security_page(request)


def api_key_page(request: PersonRequest, plaintext: Plaintext | None = None, *, is_shown: bool = False) -> HttpResponse:
    context = context_of(request, plaintext, is_shown) | {"organizations": Organization.objects.of_member(request.user)}
    return render(request, "dashboard/api_key.html", context)


def security_page(
    request: PersonRequest, plaintext: Plaintext | None = None, *, is_shown: bool = False
) -> HttpResponse:
    events = AuditEvent.objects.filter(action__in=feed.SECURITY_ACTIONS).select_related("actor", "subject")
    context = context_of(request, plaintext, is_shown) | {
        "activity": feed.entries(events.latest_about(request.user, ACTIVITY_SHOWN), reader=request.user),
        "sessions": sessions_of(request),
    }
    return render(request, "security/settings.html", context)


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def reset(request: PersonRequest) -> HttpResponse:
    return replace(request, api_key_page, back="api-key", verb="Reset Token", title="Reset the account token?")


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def regenerate(request: PersonRequest) -> HttpResponse:
    title = "Regenerate the API token?"
    return replace(request, security_page, back="security", verb="Regenerate API token", title=title)


def replace(request: PersonRequest, page: Page, *, back: str, verb: str, title: str) -> HttpResponse:
    """POST: a new account token on the page it was asked for. GET: the question, where no JavaScript asks it."""
    form = AccountTokenForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        return render(
            request,
            "tokens/regenerate.html",
            context_of(request) | {"back": back, "verb": verb, "title": title},
        )
    try:
        issued = form.save(actor=Actor.of(request), owner=request.user)
    except AlreadyDone:
        return redirect(back)
    except ActRefused as refused:
        messages.error(request, str(refused))
        return redirect(back)
    return page(request, issued.plaintext)


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def reveal_api_key(request: PersonRequest) -> HttpResponse:
    return reveal(request, api_key_page, back="api-key")


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def reveal_security(request: PersonRequest) -> HttpResponse:
    return reveal(request, security_page, back="security")


def reveal(request: PersonRequest, page: Page, *, back: str) -> HttpResponse:
    if request.method != "POST":
        return redirect(back)
    issued = lifecycle.reveal(actor=Actor.of(request), owner=request.user)
    if issued is None:
        messages.error(request, "There is no copy of the token to show. Regenerate it to get a new one.")
        return redirect(back)
    return page(request, issued.plaintext, is_shown=request.POST.get("then") != "copy")


def context_of(request: PersonRequest, plaintext: Plaintext | None = None, is_shown: bool = False) -> dict[str, Any]:
    """`is_shown`: whoever asked by the eye sees the text, whoever asked by Copy finds that button in focus."""
    token = Token.objects.account_token_of(request.user)
    return {
        "token": token,
        "plaintext": plaintext,
        "is_revealable": lifecycle.unsealed(token) is not None,
        "is_shown": is_shown,
        "focus": request.POST.get("then") == "copy",
    }
