"""Audit events in words, for the feeds of the dashboard, of Security Settings and of a token's history."""

import re
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
    "account.passkey_renamed": ("finger", "idle", "renamed a passkey"),
    "account.recovery_code_used": ("list", "warn", "used a recovery code"),
    "account.recovery_codes_made": ("list", "info", "made recovery codes"),
    "account.second_factor_added": ("shield", "good", "set up a second factor"),
    "account.second_factor_refused": ("cross", "bad", "Second factor refused: wrong code"),
    "account.second_factor_removed": ("shield", "warn", "removed a second factor"),
    "account.second_factor_reset": ("shield", "warn", "took the second factor of {subject} away"),
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
    "organization.created": ("building", "info", "created the organization"),
    "organization.edited": ("edit", "idle", "changed the organization"),
    "policy.changed": ("sliders", "warn", "changed the policy"),
    "token.approved": ("check", "good", "approved {token}"),
    "token.created": ("plus", "info", "created {token}"),
    "token.new_network": ("activity", "warn", "{token} was used from a new network"),
    "token.replaced": ("refresh", "idle", "replaced {token} by a new token"),
    "token.rotated": ("refresh", "info", "rotated {token}"),
    "token.edited": ("edit", "idle", "changed {token}"),
    "token.resumed": ("check", "good", "resumed {token}"),
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


def entries(events: Iterable[AuditEvent], *, reader: User, governs: bool = False) -> list[Entry]:
    """For a reader who does not govern, without the addresses that others acted from."""
    return [entry(event, reader, governs) for event in events]


def entry(event: AuditEvent, reader: User, governs: bool) -> Entry:
    icon, tone, words = SENTENCES.get(event.action, ("info", "idle", event.action))
    if not words[:1].isupper() and not words.startswith("{token}"):
        words = f"{{actor}} {words}"
    names = {
        "actor": who(event.actor, reader),
        "token": event.token_name,
        "subject": event.subject.display_name if event.subject else "somebody",
    }
    sentence = re.sub(r"\{(\w+)\}", lambda place: names[place[1]], words)  # in one pass: names may hold braces
    is_shown = governs or event.actor is None or event.actor == reader
    return Entry(
        icon=icon,
        tone=tone,
        sentence=sentence,
        user_agent=event.user_agent,
        address=event.address if is_shown else None,
        occurred_at=event.occurred_at,
        note=note(event.details),
        action=event.action,
        actor=event.actor.email if event.actor else "",
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
    if former := details.get("former"):
        return f"The former token is {former}"
    if successor := details.get("successor"):
        return f"Its successor is {successor}"
    if factor := details.get("factor"):
        return factor[:1].upper() + factor[1:]
    if (left := details.get("left")) is not None:
        return f"{left} left"
    if network := details.get("network"):
        return f"Network {network}"
    if changes := details.get("changes"):
        return "Changed: " + ", ".join(field.replace("_", " ") for field in changes)
    return ""
