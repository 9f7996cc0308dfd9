"""My Profile."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts import people
from accounts.actor import Actor
from accounts.forms import ProfileForm
from accounts.models import License
from accounts.requests import PersonRequest


@login_required
def show(request: PersonRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if form.is_valid():
        people.edit(request.user, actor=Actor.of(request), **form.cleaned_data)
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    licenses = License.objects.kept().filter(user=request.user).select_related("organization").in_order()
    return render(request, "accounts/profile.html", {"form": form, "licenses": licenses})
