"""Audit events in words, for the feeds of the dashboard, of Security Settings and of a token's history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import AuditEvent, User
from tokens.models import Hold

# action: icon, tone, words after the actor's name. {token} becomes the token's name.
SENTENCES = {
    "account.edited": ("edit", "idle", "changed the profile"),
    "account.email_changed": ("edit", "info", "changed the e-mail address"),
    "account.password_changed": ("lock", "info", "changed the password"),
    "account.sign_in_refused": ("cross", "bad", "Sign-in refused: wrong password"),
    "account.signed_in": ("check", "good", "signed in"),
    "account.signed_out": ("log-out", "idle", "signed out"),
    "account.signed_up": ("user", "info", "signed up"),
    "account_token.created": ("key", "info", "generated the API token"),
    "account_token.regenerated": ("key", "info", "regenerated the API token"),
    "account_token.revealed": ("eye", "warn", "looked at the API token"),
    "license.created": ("plus", "info", "gave {subject} a license"),
    "license.edited": ("edit", "idle", "changed the license of {subject}"),
    "member.deactivated": ("pause", "bad", "deactivated {subject}"),
    "member.reactivated": ("check", "good", "reactivated {subject}"),
    "token.created": ("plus", "info", "created {token}"),
    "token.edited": ("edit", "idle", "changed {token}"),
    "token.reapproved": ("check", "good", "re-approved {token}"),
    "token.revoked": ("cross", "bad", "revoked {token}"),
    "user.created": ("user", "info", "created the account of {subject}"),
    "user.deactivated": ("pause", "bad", "deactivated {subject}"),
    "user.edited": ("edit", "idle", "changed the account of {subject}"),
    "user.reactivated": ("check", "good", "reactivated {subject}"),
}
SECURITY_ACTIONS = [action for action in SENTENCES if not action.startswith("account.edited")]


@dataclass(frozen=True, slots=True)
class Entry:
    icon: str
    tone: str
    sentence: str
    user_agent: str
    address: str | None
    occurred_at: datetime
    note: str
    action: str
    actor: str
    token: str
    hint: str


def entries(events: Iterable[AuditEvent], *, reader: User) -> list[Entry]:
    return [entry(event, reader) for event in events]


def entry(event: AuditEvent, reader: User) -> Entry:
    icon, tone, words = SENTENCES.get(event.action, ("info", "idle", event.action))
    if not words[:1].isupper():
        words = f"{who(event.actor, reader)} {words}"
    subject = event.subject.display_name if event.subject else "somebody"
    sentence = words.replace("{token}", event.token_name).replace("{subject}", subject)
    return Entry(
        icon=icon,
        tone=tone,
        sentence=sentence,
        user_agent=event.user_agent,
        address=event.address,
        occurred_at=event.occurred_at,
        note=note(event.details),
        action=event.action,
        actor=who(event.actor, None),
        token=event.token_name,
        hint=event.token_hint,
    )


def who(person: User | None, reader: User | None) -> str:
    if person is None:
        return "The system"
    return "You" if person == reader else person.display_name


def note(details: dict[str, Any]) -> str:
    """What a line of the feed adds: why a token stopped, or what changed."""
    hold = details.get("hold")
    if hold in {Hold.DEACTIVATION, Hold.SIGN_OUT, Hold.LEAK}:
        return f"Stopped by {Hold(hold).label}"
    if changes := details.get("changes"):
        return "Changed: " + ", ".join(field.replace("_", " ") for field in changes)
    return ""
