"""What an administrator chose to revoke at once, carried from page to page as signed text.

The text is bound to one person and one organization and holds for an hour. It names the tokens, or the filter with the
moment it was asked at and the newest token there was, so that later tokens are never hit. A token that no longer
matches when its turn comes is spared: it is not what the administrator looked at.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.core import signing
from django.http import QueryDict

from accounts.models import Organization, User
from tokens.filters import TokenFilter
from tokens.models import Token, TokenQuerySet

BATCH = 100
LONGEST_CHOICE = 100
HOLDS_FOR = 3600  # seconds


@dataclass(frozen=True, slots=True)
class Selection:
    """`query` is the filter as it stands in an address; it counts where `ids` is None. `moment` is UTC, ISO 8601.

    `spared` is the token by which a script chooses: stopping itself would end the run half way.
    """

    organization: int
    user: int
    ids: list[int] | None
    query: str
    moment: str
    highest: int = 0
    count: int = 0
    spared: int = 0
    key: str = field(default_factory=lambda: uuid4().hex)

    def tokens(self, organization: Organization) -> TokenQuerySet:
        """Those that can still be revoked, in the order of their turn."""
        now = datetime.fromisoformat(self.moment)
        if self.ids is None:
            tokens = TokenFilter(QueryDict(self.query), organization=organization).in_passing(now)
        else:
            tokens = Token.objects.of_organization(organization).filter(pk__in=self.ids)
        tokens = tokens.stoppable(now).exclude(pk=self.spared).order_by("organization_id", "pk")
        return tokens.filter(pk__lte=self.highest) if self.highest else tokens

    def in_words(self, organization: Organization) -> str:
        if self.ids is not None:
            return "chosen one by one"
        filter = TokenFilter(QueryDict(self.query), organization=organization)
        return "; ".join(filter.in_words()) or "all tokens"


@dataclass(frozen=True, slots=True)
class Run:
    """A selection that was confirmed, and how far it has come. `event` is its row in the audit log."""

    selection: Selection
    event: int
    reason: str
    last: int = 0
    revoked: int = 0

    def next_batch(self, organization: Organization) -> list[int]:
        waiting = self.selection.tokens(organization).filter(pk__gt=self.last)
        return list(waiting.values_list("pk", flat=True)[:BATCH])

    def left(self, organization: Organization) -> int:
        return self.selection.tokens(organization).filter(pk__gt=self.last).count()

    def after(self, batch: list[int], revoked: int) -> "Run":
        return replace(self, last=batch[-1], revoked=self.revoked + revoked)


def select(query: QueryDict, *, organization: Organization, user: User, now: datetime, spared: int = 0) -> Selection:
    """What an address asks for: `?token=1&token=2`, or `?everything=` with a filter. Foreign ids choose nothing."""
    ids = None
    if "everything" not in query:
        ids = sorted({int(text) for text in query.getlist("token")[:LONGEST_CHOICE] if is_key(text)})
    filter = TokenFilter(query, organization=organization)
    asked = QueryDict(mutable=True)
    asked.update(filter.chosen)
    open_ended = Selection(organization.pk, user.pk, ids, asked.urlencode(), now.isoformat(), spared=spared)
    tokens = open_ended.tokens(organization)
    newest = tokens.order_by("-organization_id", "-pk").values_list("pk", flat=True).first()
    return replace(open_ended, highest=newest or 0, count=tokens.count() if newest else 0)


def is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def sign(value: Selection | Run) -> str:
    return signing.dumps(asdict(value), salt=salt_of(type(value)), compress=True)


def read_selection(text: str, *, organization: Organization, user: User) -> Selection | None:
    """None for what is forged, foreign or older than an hour."""
    return owned(Selection(**data), organization, user) if (data := unsigned(text, Selection)) else None


def read_run(text: str, *, organization: Organization, user: User) -> Run | None:
    data = unsigned(text, Run)
    if data is None or owned(selection := Selection(**data.pop("selection")), organization, user) is None:
        return None
    return Run(selection, **data)


def unsigned(text: str, kind: type) -> dict[str, Any] | None:
    try:
        return signing.loads(text, salt=salt_of(kind), max_age=HOLDS_FOR)
    except signing.BadSignature:
        return None


def owned(selection: Selection, organization: Organization, user: User) -> Selection | None:
    is_theirs = (selection.organization, selection.user) == (organization.pk, user.pk)
    return selection if is_theirs else None


def salt_of(kind: type) -> str:
    return f"tokens.bulk.{kind.__name__}"
