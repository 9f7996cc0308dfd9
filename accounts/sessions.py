"""Where a person is signed in, and how long that lasts. The rows are django-allauth's, the lifetimes ours."""

import time
from collections.abc import Iterable
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import audit
from accounts.actor import Actor, user_agent_of
from accounts.address import address_to_store
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.session_store import content_of, row_key

STARTED_AT, SEEN_AT = "started_at", "seen_at"
TOUCHED_EVERY_SECONDS = 60


def begin(request: HttpRequest) -> None:
    request.session[STARTED_AT] = request.session[SEEN_AT] = int(time.time())


def note(request: PersonRequest, **kwargs: Any) -> None:
    """Put the session on the list, where it stands under the same digest as in the database."""
    still_open(request.user)
    facts = {"user": request.user, "ip": address_to_store(request), "user_agent": user_agent_of(request)}
    UserSession.objects.update_or_create(session_key=listed_key(request), defaults=facts)


def listed_key(request: HttpRequest) -> str:
    if not request.session.session_key:
        request.session.save()
    return row_key(request.session.session_key)


def this_one(request: HttpRequest) -> QuerySet[UserSession]:
    return UserSession.objects.filter(session_key=listed_key(request))


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
    this_one(request).update(
        last_seen_at=timezone.now(),
        ip=address_to_store(request),
        user_agent=user_agent_of(request),
    )


def rename(request: HttpRequest) -> None:
    """Give the session another key: who had copied the former one has nothing of the confirmation."""
    listed = this_one(request)
    request.session.cycle_key()
    listed.update(session_key=listed_key(request))


def forget(request: HttpRequest) -> None:
    this_one(request).delete()
    request.session.flush()


def sessions_of(request: PersonRequest) -> list[UserSession]:
    """Those that still hold, this one first, then by their last activity."""
    here = listed_key(request)
    found = still_open(request.user)
    return sorted(found, key=lambda row: (row.session_key != here, -row.last_seen_at.timestamp()))


def still_open(user: User) -> list[UserSession]:
    """The rest is taken off the list: run out, signed out, or of a former password."""
    listed = {row.session_key: row for row in UserSession.objects.filter(user=user)}
    expected = user.get_session_auth_hash()
    stored = Session.objects.filter(pk__in=listed, expire_date__gt=timezone.now())
    keys = {row.pk for row in stored if constant_time_compare(content_of(row).get(HASH_SESSION_KEY, ""), expected)}
    UserSession.objects.filter(pk__in=[row.pk for key, row in listed.items() if key not in keys]).delete()
    return [row for key, row in listed.items() if key in keys]


def drop(rows: Iterable[UserSession]) -> int:
    """End them without a word to the log. How many there were."""
    keys = [row.session_key for row in rows]
    Session.objects.filter(pk__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def end(session: UserSession, *, actor: Actor) -> None:
    drop([session])
    audit.record_about_person("account.session_ended", session.user, actor=actor, device=session.user_agent, ended=1)


def others_of(request: PersonRequest) -> QuerySet[UserSession]:
    return UserSession.objects.filter(user=request.user).exclude(session_key=listed_key(request))


def end_others(request: PersonRequest, *, actor: Actor) -> int:
    """End every session of the person but the one of the request. How many there were."""
    ended = drop(others_of(request))
    if ended:
        audit.record_about_person("account.session_ended", request.user, actor=actor, ended=ended)
    return ended
