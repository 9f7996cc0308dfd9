"""Audit events in words, for the feeds of the dashboard, of Security Settings and of a token's history."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accounts.models import AuditEvent, User
from tokens.models import Hold

# action: icon, tone, words after the actor's name. {token} becomes the token's name.
SENTENCES = {
    "account.closed": ("cross", "bad", "closed the account"),
    "account.data_downloaded": ("download", "info", "downloaded the personal data"),
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
    "account.session_ended": ("log-out", "info", "ended another session"),
    "account.signed_in": ("check", "good", "signed in"),
    "account.signed_out": ("log-out", "idle", "signed out"),
    "account.signed_up": ("user", "info", "signed up"),
    "account_token.created": ("key", "info", "generated the API token"),
    "account_token.regenerated": ("key", "info", "regenerated the API token"),
    "account_token.revealed": ("eye", "warn", "looked at the API token"),
    "audit.exported": ("download", "info", "exported the audit log"),
    "invitation.accepted": ("user", "good", "accepted the invitation"),
    "invitation.resent": ("user", "info", "sent the invitation again"),
    "invitation.sent": ("user", "info", "invited somebody"),
    "invitation.withdrawn": ("cross", "idle", "withdrew the invitation"),
    "license.created": ("plus", "info", "gave {subject} a license"),
    "license.edited": ("edit", "idle", "changed the license of {subject}"),
    "license.withdrawn": ("log-out", "bad", "withdrew the license of {subject}"),
    "member.deactivated": ("pause", "bad", "deactivated {subject}"),
    "member.left": ("log-out", "bad", "left the organization"),
    "member.reactivated": ("check", "good", "reactivated {subject}"),
    "organization.created": ("building", "info", "created the organization"),
    "organization.edited": ("edit", "idle", "changed the organization"),
    "policy.changed": ("sliders", "warn", "changed the policy"),
    "service_account.created": ("terminal", "info", "created the service account {subject}"),
    "token.approved": ("check", "good", "approved {token}"),
    "token.created": ("plus", "info", "created {token}"),
    "token.imported": ("download", "info", "took over {token}"),
    "token.leaked": ("warning", "bad", "{token} was reported as leaked"),
    "token.new_network": ("activity", "warn", "{token} was used from a new network"),
    "token.replaced": ("refresh", "idle", "replaced {token} by a new token"),
    "token.rotated": ("refresh", "info", "rotated {token}"),
    "token.edited": ("edit", "idle", "changed {token}"),
    "token.resumed": ("check", "good", "resumed {token}"),
    "token.reapproved": ("check", "good", "re-approved {token}"),
    "token.revoked": ("cross", "bad", "revoked {token}"),
    "tokens.bulk_revoked": ("cross", "bad", "began to revoke many tokens at once"),
    "tokens.imported": ("download", "info", "took over tokens of another system"),
    "user.created": ("user", "info", "created the account of {subject}"),
    "user.deactivated": ("pause", "bad", "deactivated {subject}"),
    "user.edited": ("edit", "idle", "changed the account of {subject}"),
    "user.reactivated": ("check", "good", "reactivated {subject}"),
}
GROUPS = {
    "account": "Sign-ins and accounts",
    "account_token": "Account tokens",
    "token": "Tokens",
    "tokens": "Tokens, many at once",
    "member": "Members",
    "license": "Licenses",
    "invitation": "Invitations",
    "service_account": "Service accounts",
    "policy": "Policy",
    "user": "People",
    "organization": "Organization",
    "audit": "Audit log",
}
SECURITY_ACTIONS = [action for action in SENTENCES if not action.startswith("account.edited")]


def in_general(words: str) -> str:
    """What an action is called where it is nobody's in particular."""
    text = words.replace("{token}", "a token").replace("{subject}", "a person")
    return text[:1].upper() + text[1:]


def of_group(group: str) -> list[tuple[str, str]]:
    return [(action, in_general(words)) for action, (*_, words) in SENTENCES.items() if action.split(".")[0] == group]


ACTION_CHOICES = [(title, of_group(group)) for group, title in GROUPS.items()]


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$")


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that an event tells of; of a change the old one too."""

    name: str
    new: str
    old: str | None = None


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
    facts: list[Fact]


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
        actor=(event.actor.shown_email or event.actor.display_name) if event.actor else "",
        token=event.token_name,
        hint=event.token_hint,
        facts=facts(event.details),
    )


def who(person: User | None, reader: User | None) -> str:
    if person is None:
        return "The system"
    return "You" if person == reader else person.display_name


def note(details: dict[str, Any]) -> str:
    """What a line of the feed adds: why a token stopped, or what changed; and the reason that somebody gave."""
    reason = details.get("reason")
    return ". ".join(filter(None, [fact(details), f"Reason: {reason}" if reason else ""]))


def fact(details: dict[str, Any]) -> str:
    hold = details.get("hold")
    if hold in {Hold.DEACTIVATION, Hold.SIGN_OUT, Hold.LEAK}:
        return f"Stopped by {Hold(hold).label}"
    if "chosen" in details:
        return f"{details.get('count', 0):,} tokens, {details['chosen']}"
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
    if invited := details.get("invited"):
        return f"To {invited} as {details.get('role', 'member')}"
    if details.get("new_device"):
        return "A browser that was not seen before"
    if changes := details.get("changes"):
        return "Changed: " + ", ".join(field.replace("_", " ") for field in changes)
    return ""


def facts(details: dict[str, Any]) -> list[Fact]:
    """Everything that an event holds besides its columns, changes first."""
    changes = [Fact(label(name), value(new), value(old)) for name, (old, new) in details.get("changes", {}).items()]
    return changes + [Fact(label(name), value(said)) for name, said in details.items() if name != "changes"]


def label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def value(stored: Any) -> str:
    if stored is None or stored in ("", [], {}):
        return "none"
    if isinstance(stored, bool):
        return "yes" if stored else "no"
    if isinstance(stored, list):
        return ", ".join(map(value, stored))
    if isinstance(stored, dict):
        return ", ".join(f"{name} {value(said)}" for name, said in stored.items())
    return moment(stored) if isinstance(stored, str) and MOMENT.match(stored) else str(stored)


def moment(stored: str) -> str:
    try:
        return f"{datetime.fromisoformat(stored).astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC"
    except (ValueError, OverflowError):
        return stored
