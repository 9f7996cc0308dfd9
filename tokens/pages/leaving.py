"""Leave an organization, from My Profile."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import seats
from accounts.actor import Actor
from accounts.models import License
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from tokens.racks import fill


@require_http_methods(["GET", "POST"])
@login_required
@recent_sign_in_required
def leave(request: PersonRequest, pk: int) -> HttpResponse:
    own = License.objects.kept().taken().filter(user=request.user, organization__isnull=False)
    license = get_object_or_404(own.select_related("user", "organization"), pk=pk)
    if request.method == "POST":
        try:
            seats.leave(license, actor=Actor.of(request))
            messages.success(request, f"You have left {license.organization}.")
        except seats.SeatRefused as refused:
            messages.error(request, str(refused))
        return redirect("profile")
    (rack,) = fill([license], timezone.now(), ended_shown=0)
    return render(request, "accounts/leave.html", {"rack": rack})
