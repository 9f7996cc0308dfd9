"""Ending sessions, from Security Settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import sessions
from accounts.actor import Actor
from accounts.recency import recent_sign_in_required
from accounts.requests import PersonRequest


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def end(request: PersonRequest, pk: int) -> HttpResponse:
    """Of another session. This one ends by signing out."""
    session = get_object_or_404(sessions.others_of(request), pk=pk)
    if request.method == "POST":
        sessions.end(session, actor=Actor.of(request))
        messages.success(request, "The session is ended. That browser has to sign in again.")
        return redirect(f"{reverse('security')}#sessions")
    return render(request, "security/end_session.html", {"session": session})


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def end_others(request: PersonRequest) -> HttpResponse:
    if request.method == "POST":
        ended = sessions.end_others(request, actor=Actor.of(request))
        messages.success(request, f"{ended} other session{'' if ended == 1 else 's'} ended.")
        return redirect(f"{reverse('security')}#sessions")
    return render(request, "security/end_other_sessions.html")
