"""Who acts, and from where: what every act takes and the audit log keeps."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from accounts.address import client_address
from accounts.models import User
from config.redaction import without_tokens

LONGEST_USER_AGENT = 200
SESSION_MARK = "mark"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or nobody (a command, the passing of time), with the address and program they came through.

    `session_mark` names the sign-in, where there is one: a word that outlives the session's own changing key.
    `token` is the one through which a script acts for the person.
    """

    user: User | None
    address: str | None = None
    user_agent: str = ""
    session_mark: str = ""
    token: Any = None

    @classmethod
    def of(cls, request: HttpRequest, user: User | None = None) -> "Actor":
        """The signed-in user of a request, or the one that is named where nobody is signed in yet (or any more)."""
        person = user or (request.user if request.user.is_authenticated else None)
        mark = request.session.get(SESSION_MARK, "") if hasattr(request, "session") else ""
        address = client_address(request) or None
        token = getattr(request, "token", None)
        return cls(person, address=address, user_agent=user_agent_of(request), session_mark=mark, token=token)


def user_agent_of(request: HttpRequest) -> str:
    """What the program says of itself, cut to what is stored, without what cannot be printed and without tokens."""
    said = request.META.get("HTTP_USER_AGENT", "")
    if not said.isprintable():
        said = "".join(filter(str.isprintable, said))
    return without_tokens(said)[:LONGEST_USER_AGENT]


SYSTEM = Actor(user=None)
