"""Policy: what every token of the organization has to keep to, with a look ahead at what a change would do."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actor import Actor
from accounts.guards import administrator_required
from accounts.models import Organization
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from config import keyset
from config.choice import along
from tokens.forms import PolicyForm
from tokens.lifecycle import Effect


@require_GET
@administrator_required
def policy(request: PersonRequest, organization: Organization) -> HttpResponse:
    return policy_page(request, PolicyForm(actor=Actor.of(request), organization=organization))


@require_http_methods(["GET", "POST"])
@administrator_required
@recent_sign_in_required
def save_policy(request: PersonRequest, organization: Organization) -> HttpResponse:
    """What tokens would feel is shown first; the same form, sent again, then saves it."""
    if request.method != "POST":
        return redirect("organization-policy", organization.slug)
    form = PolicyForm(request.POST, actor=Actor.of(request), organization=organization)
    if not form.is_valid():
        return policy_page(request, form)
    effect = form.effect()
    if effect.is_felt and form.cleaned_data["previewed"] != form.fingerprint(effect):
        return policy_page(request, form, effect)
    form.save()
    messages.success(request, "The policy is saved. It holds from the next call on.")
    return redirect("organization-policy", organization.slug)


def policy_page(request: PersonRequest, form: PolicyForm, effect: Effect | None = None) -> HttpResponse:
    context = {
        "organization": form.organization,
        "policy": form.policy,
        "form": form,
        "effect": effect,
        "fingerprint": form.fingerprint(effect) if effect else "",
        "without_second_factor": without_second_factor(form.organization),
        "section": "policy",
    }
    return render(request, "organization/policy.html", context)


def without_second_factor(organization: Organization) -> str:
    """How many of the members, or where they are many, of the first of them."""
    people = organization.licenses.in_force().filter(user__is_service_account=False)
    first = along("license_taken", people).order_by("pk").values_list("user__second_factor_at", flat=True)
    moments = list(first[: keyset.COUNTED_AT_MOST + 1])
    if len(moments) > keyset.COUNTED_AT_MOST:
        return f"{moments[:-1].count(None):,} of the first {keyset.COUNTED_AT_MOST:,} have none."
    return f"{moments.count(None):,} of {len(moments):,} have none."
