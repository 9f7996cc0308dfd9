"""Where a person is signed in, and how long that lasts. The rows are django-allauth's, the lifetimes ours."""

import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor, user_agent_of
from accounts.address import address_to_store
from accounts.models import User
from accounts.requests import PersonRequest

STARTED_AT, SEEN_AT = "started_at", "seen_at"
TOUCHED_EVERY_SECONDS = 60


def begin(request: HttpRequest) -> None:
    request.session[STARTED_AT] = request.session[SEEN_AT] = int(time.time())


def is_over(request: HttpRequest) -> bool:
    """Idle for too long, or too old; a session without a beginning is both."""
    now = time.time()
    idle = now - request.session.get(SEEN_AT, 0)
    age = now - request.session.get(STARTED_AT, 0)
    return idle >= settings.SESSION_IDLE_SECONDS or age >= settings.SESSION_COOKIE_AGE


def touch(request: HttpRequest) -> None:
    """Note the activity, at most once a minute."""
    if time.time() - request.session[SEEN_AT] < TOUCHED_EVERY_SECONDS:
        return
    request.session[SEEN_AT] = int(time.time())
    rows = UserSession.objects.filter(session_key=request.session.session_key)
    rows.update(
        last_seen_at=timezone.now(),
        ip=address_to_store(request),
        user_agent=user_agent_of(request),
    )


def rename(request: HttpRequest) -> None:
    """Give the session another key: who had copied the former one has nothing of the confirmation."""
    former = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=former).update(session_key=request.session.session_key)


def forget(request: HttpRequest) -> None:
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    request.session.flush()


def sessions_of(request: PersonRequest) -> list[UserSession]:
    """Those that still hold, this one first, then by their last activity."""
    found = UserSession.objects.purge_and_list(request.user)
    return sorted(
        found, key=lambda row: (row.session_key != request.session.session_key, -row.last_seen_at.timestamp())
    )


def end(session: UserSession, *, actor: Actor) -> None:
    session.end()
    audit.record_about_person("account.session_ended", session.user, actor=actor, device=session.user_agent, ended=1)


def end_others(user: User, *, actor: Actor, but: str | None) -> int:
    """End every session of a person but one, which is named by its key. How many there were."""
    others = list(UserSession.objects.filter(user=user).exclude(session_key=but))
    for session in others:
        session.end()
    if others:
        audit.record_about_person("account.session_ended", user, actor=actor, ended=len(others))
    return len(others)
