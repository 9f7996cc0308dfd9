"""Which invitation a browser has opened: kept in its session by digest, so that only the link holds the secret."""

from allauth.account.utils import get_next_redirect_url
from django.http import HttpRequest
from django.urls import reverse

from accounts import invitations
from accounts.models import Invitation

SESSION_KEY = "invitation"


def keep(request: HttpRequest, invitation: Invitation) -> None:
    request.session[SESSION_KEY] = bytes(invitation.digest).hex()


def kept(request: HttpRequest) -> Invitation | None:
    """The one that was opened last, if it is still open."""
    digest = request.session.get(SESSION_KEY)
    return invitations.find(bytes.fromhex(digest)) if digest else None


def opened(request: HttpRequest) -> Invitation | None:
    """The one that was opened last, open or not: a form that is sent twice finds it accepted."""
    digest = request.session.get(SESSION_KEY)
    return Invitation.objects.filter(digest=bytes.fromhex(digest)).first() if digest else None


def invited(request: HttpRequest) -> Invitation | None:
    """The one that somebody on the way through sign-up comes from and goes back to."""
    return kept(request) if get_next_redirect_url(request) == reverse("invitation") else None
