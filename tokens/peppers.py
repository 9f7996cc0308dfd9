"""What hangs on each pepper: tokens, and rows of the audit log where keys follow from the peppers."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q

from accounts.models import AuditChain, AuditEvent, AuditMark
from tokens.models import NEVER_LIFTED, Token


@dataclass(slots=True)
class Use:
    """`living` tokens work or may work again; `ended` ones only have their texts recognised."""

    living: int = 0
    ended: int = 0

    @property
    def tokens(self) -> int:
        return self.living + self.ended


def use_by_number(now: datetime) -> dict[int, Use]:
    """Of every pepper in the settings, and of those that tokens still name."""
    found: defaultdict[int, Use] = defaultdict(Use, {number: Use() for number in settings.TOKEN_PEPPERS})
    over = Q(expires_at__lte=now) | Q(hold__in=NEVER_LIFTED) | Q(stops_at__lte=now)
    rows = Token.objects.order_by().values("pepper")
    for row in rows.annotate(total=Count("pk"), ended=Count("pk", filter=over)):
        found[row["pepper"]] = Use(living=row["total"] - row["ended"], ended=row["ended"])
    return dict(sorted(found.items()))


def signs_audit_rows(number: int) -> bool:
    """Whether the audit log could not be verified without the key that follows from this pepper."""
    key = settings.FIRST_DERIVED_AUDIT_KEY + number
    return any(model._default_manager.filter(key=key).exists() for model in (AuditEvent, AuditChain, AuditMark))
