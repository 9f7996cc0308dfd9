"""Your data, on Security Settings: download it, or close the account."""

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import closing, personal_data, sessions
from accounts.actor import Actor
from accounts.forms import ClosingForm
from accounts.models import User
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest
from accounts.seats import SeatRefused
from tokens.models import Token
from tokens.personal_data import written


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def download(request: PersonRequest) -> HttpResponseBase:
    """A form and no link, because it writes into the log: nothing that opens links ahead of people sets it off."""
    if request.method != "POST":
        return redirect(f"{reverse('security')}#your-data")
    event = personal_data.told(request.user, actor=Actor.of(request))
    name = f"tokenrack-data-{timezone.now():%Y-%m-%d}.json"
    return StreamingHttpResponse(
        written(request.user, until=event),
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def close(request: PersonRequest) -> HttpResponse:
    form = ClosingForm(request.POST or None, person=request.user)
    hindrances = closing.hindrances(request.user)
    if form.is_valid():
        try:
            form.save(actor=Actor.of(request))
        except SeatRefused as refused:
            hindrances = [str(refused)]
        else:
            sessions.forget(request)
            request.user = AnonymousUser()  # type: ignore[assignment]
            messages.success(request, "Your account is closed. A letter to your address says so.")
            return redirect("account_login")
    context = {"form": form, "hindrances": hindrances, "stopping": stopping(request.user)}
    return render(request, "security/close_account.html", context)


def stopping(person: User) -> str:
    """What closing stops, counted."""
    living = Token.objects.filter(owner=person).living(timezone.now())
    named, licenses = living.named().count(), living.named().values("license").distinct().count()
    has_account_token = living.filter(license=None).exists()
    if not named:
        return "The API token stops at once." if has_account_token else "No token of yours works any more."
    tokens = "1 token stops at once" if named == 1 else f"{named:,} tokens stop at once"
    seats = "1 license" if licenses == 1 else f"{licenses:,} licenses"
    return f"{tokens}, on {seats}{', and the API token' if has_account_token else ''}."
