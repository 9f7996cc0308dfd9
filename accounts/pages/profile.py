"""My Profile."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts import audit
from accounts.actor import Actor
from accounts.forms import ProfileForm
from accounts.models import License
from accounts.requests import PersonRequest


@login_required
def show(request: PersonRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    former = dict(form.initial)
    if form.is_valid():
        person = form.save()
        changes = {field: [former[field], form.cleaned_data[field]] for field in form.changed_data}
        if changes:
            audit.record("account.edited", actor=Actor.of(request), subject=person, changes=changes)
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    licenses = License.objects.filter(user=request.user).select_related("organization").in_order()
    return render(request, "accounts/profile.html", {"form": form, "licenses": licenses})
