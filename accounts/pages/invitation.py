"""Where the link of an invitation leads: who invites whom as what, and Join."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import invitations
from accounts.actor import Actor
from accounts.invited import keep, kept, opened
from accounts.seats import SeatRefused


@require_GET
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """Changes nothing, because mail scanners open links; leads on to an address that holds no secret."""
    invitation = invitations.find_by_secret(secret)
    if invitation is None:
        return closed(request)
    keep(request, invitation)
    return redirect("invitation")


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and request.user.is_authenticated:
        return join(request)
    invitation = kept(request)
    if invitation is None:
        return closed(request)
    person = request.user if request.user.is_authenticated else None
    context = {
        "invitation": invitation,
        "masked": masked(invitation.email),
        "is_mine": person is not None and invitations.is_for(invitation, person),
        "has_account": invitations.has_account(invitation),
    }
    return render(request, "accounts/invitation.html", context)


def join(request: HttpRequest) -> HttpResponse:
    invitation = opened(request)
    try:
        if invitation is None:
            raise invitations.NotOpen
        license = invitations.accept(invitation, actor=Actor.of(request))
    except invitations.NotOpen:
        return closed(request)
    except SeatRefused as refused:
        messages.error(request, str(refused))
        return redirect("invitation")
    messages.success(request, f"You have joined {license.organization}. Your license is {license}.")
    return redirect("dashboard")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Signing out empties the session; the invitation is put back, for whoever it is for."""
    invitation = kept(request)
    get_adapter(request).logout(request)
    if invitation:
        keep(request, invitation)
    return redirect("invitation")


def closed(request: HttpRequest) -> HttpResponse:
    """One answer, whether it was used, has expired, was withdrawn or never was."""
    return render(request, "accounts/invitation_closed.html", status=404)


def masked(email: str) -> str:
    name, _, domain = email.partition("@")
    return f"{name[0]}•••@{domain}"
