"""The leak desk: whose is this token, and stop it for good."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import Organization, User
from accounts.recency import ask_for_sign_in, recent_sign_in_required, signed_in_recently
from accounts.requests import PersonRequest
from tokens import leaks, lifecycle
from tokens.forms import LeakForm
from tokens.models import NEVER_LIFTED, Token


@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "POST"])
@administrator_required
def desk(request: PersonRequest, organization: Organization) -> HttpResponse:
    """Asks for a recent sign-in when it is opened; a form that was interrupted by that would lie in the session."""
    if request.method == "GET":
        ask_for_sign_in(request)
    elif not signed_in_recently(request):
        return redirect("organization-leaks", organization.slug)
    form = LeakForm(request.POST if request.method == "POST" else None)
    context = {
        "now": timezone.now(),
        "organization": organization,
        "form": form,
        "found": found_by(form, organization, request.user),
        "never_lifted": NEVER_LIFTED,
        "section": "leaks",
    }
    return render(request, "organization/leaks.html", context)


@sensitive_variables()
def found_by(form: LeakForm, organization: Organization, finder: User) -> list[tuple[Token, str]] | None:
    """Each token with the proof that it was found; None where nothing was looked for."""
    if not form.is_valid():
        return None
    tokens = leaks.find(form.cleaned_data["text"], organization)
    return [(token, leaks.proof_of(token, organization, finder)) for token in tokens]


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def revoke(request: PersonRequest, organization: Organization, proof: str) -> HttpResponse:
    token = leaks.proven(proof, organization, request.user)
    if token is None:
        raise Http404
    if request.method == "POST":
        lifecycle.revoke_as_leaked(actor=Actor.of(request), token=token)
        messages.success(request, f"{token.name} of {token.owner} is stopped for good. A letter tells its owner.")
        return redirect("organization-leaks", organization.slug)
    return render(request, "organization/leak_revoke.html", {"organization": organization, "token": token})
