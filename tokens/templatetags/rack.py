"""The few words of our own that templates need: icons, times, states, permissions. Built in, so no page loads them."""

import re
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from config.keyset import in_words
from tokens import scopes
from tokens.models import State, Token

register = template.Library()

STATE_ICONS = {
    State.ACTIVE: "dot",
    State.ENDING: "refresh",
    State.EXPIRING: "clock",
    State.EXPIRED: "ring",
    State.REVOKED: "cross",
    State.SUSPENDED: "pause",
    State.BLOCKED: "lock",
    State.PENDING: "clock",
}
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    size_attribute = format_html(' data-size="{}"', size) if size else ""
    return format_html(
        '<svg class="icon"{} aria-hidden="true"><use href="{}#{}"/></svg>',
        size_attribute,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def hook(name: str, position: int, state: str = "") -> SafeString:
    """One hook of a meter, 12 units wide; `position` from 0. A tag has the accent's colour until it needs a look."""
    state_attribute = format_html(' data-state="{}"', state) if state and state != State.ACTIVE else ""
    return format_html(
        '<use href="{}#hook-{}" x="{}" width="12" height="22"{}/>',
        static("icons.svg"),
        name,
        position * 12,
        state_attribute,
    )


@register.simple_tag
def request_key() -> str:
    """A number for one form, so that sending it twice does its deed once."""
    return str(uuid4())


@register.filter
def pill(state: State) -> SafeString:
    return format_html(
        '<span class="pill" data-state="{}">{} {}</span>', state.value, icon(STATE_ICONS[state]), state.label
    )


@register.filter
def state_at(token: Token, now: datetime) -> State:
    return token.state(now)


@register.filter
def get(values: dict[int, Any], key: int) -> Any:
    return values[key]


@register.filter
def is_liftable_at(token: Token, now: datetime) -> bool:
    return token.is_liftable(now)


@register.filter
def counted(count: int) -> str:
    """ "1,234", or "more than 10,000" where counting was left off there."""
    return in_words(count)


@register.filter
def chips(token: Token) -> SafeString:
    """The permissions of a token, in the order of the resources."""
    if token.is_account_token:
        return mark_safe('<span class="chip" data-level="write">Everything you may</span>')
    held = token.scopes
    marks = [
        (resource.label, level, short, words)
        for resource in scopes.resources()
        for level, short, words in ((scopes.WRITE, "rw", "read and write"), (scopes.READ, "r", "read"))
        if f"{resource.name}:{level}" in held
    ]
    listed = format_html_join(
        " ",
        '<span class="chip" data-level="{}">{} <abbr title="{}">{}</abbr></span>',
        ((level, label, words, short) for label, level, short, words in marks),
    )
    return format_html('<span class="chips">{}</span>', listed)


@register.filter
def ago(moment: datetime | None) -> SafeString:
    """ "4 minutes ago" up to a day, then the day."""
    if moment is None:
        return mark_safe('<span class="soft">never</span>')
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 60:
        words = "just now"
    elif seconds < 3600:
        words = units_ago(int(seconds // 60), "minute")
    elif seconds < 24 * 3600:
        words = units_ago(int(seconds // 3600), "hour")
    else:
        words = short_day(moment)
    return time_element(moment, words)


def units_ago(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


@register.filter
def day(moment: datetime | None) -> SafeString:
    """ "12 Nov 2026", always with the year: for facts such as created and expires."""
    if moment is None:
        return mark_safe("never")
    return time_element(moment, date_format(local(moment), "j M Y"))


@register.filter
def minute(moment: datetime) -> SafeString:
    return time_element(moment, date_format(local(moment), "j M Y, H:i"))


@register.filter
def second(moment: datetime) -> SafeString:
    return time_element(moment, date_format(timezone.localtime(moment), "H:i:s"))


@register.filter
def days_left(moment: datetime) -> str:
    """In words: "today", "tomorrow" or "in 3 days", by the reader's calendar."""
    days = (timezone.localtime(moment).date() - timezone.localdate()).days
    return {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")


def short_day(moment: datetime) -> str:
    day = local(moment)
    return date_format(day, "j M" if day.year == timezone.localdate().year else "j M Y")


def local(moment: datetime) -> datetime:
    """By the reader's clock; the end of time has none east of Greenwich."""
    try:
        return timezone.localtime(moment)
    except OverflowError:
        return moment


def time_element(moment: datetime, words: str) -> SafeString:
    utc = moment.astimezone(timezone.get_fixed_timezone(0))
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        date_format(utc, "j M Y, H:i:s"),
        words,
    )


@register.filter
def device(user_agent: str) -> str:
    """ "Firefox on Linux", or the program's own name and version for scripts."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    program = re.match(r"[\w.+-]+/[\w.+-]+", user_agent)
    return program[0] if program else user_agent[:40] or "Unknown program"


@register.filter
def mask(hint: str) -> SafeString:
    """The hint with dots between, as long as the text itself."""
    head, _, tail = hint.partition("…")
    return format_html('{}<span aria-hidden="true">{}</span>{}', head, "•" * 34, tail)
