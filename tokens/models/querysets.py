"""Which tokens there are: the named scopes, exact counterparts of Token's properties."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import connection, models
from django.db.models import Case, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.models import License, Organization, User
from accounts.models.words import SearchedQuerySet
from tokens.models import by_state
from tokens.models.states import LIFTED_BY_OWNER

if TYPE_CHECKING:
    from tokens.models.token import Token

NEVER = Value(datetime(9999, 1, 1, tzinfo=UTC), output_field=models.DateTimeField())
LONG_AGO = Value(datetime(1970, 1, 1, tzinfo=UTC), output_field=models.DateTimeField())


class TokenQuerySet(SearchedQuerySet["Token"]):
    """The named scopes here are the exact counterparts of Token's properties."""

    def named(self) -> "TokenQuerySet":
        return self.filter(license__isnull=False)

    def with_surroundings(self) -> "TokenQuerySet":
        """Everything the state depends on, in one query."""
        return self.with_seat().select_related("owner", "license__organization__policy")

    def with_seat(self) -> "TokenQuerySet":
        """Of account tokens, when the last license of the owner ends. Who never had a license needs none."""
        licenses = License.objects.filter(user=OuterRef("owner"))
        lasting = licenses.filter(deactivated_at=None).annotate(ends_at=Coalesce("valid_until", NEVER))
        latest = Subquery(lasting.order_by("-ends_at").values("ends_at")[:1])
        without = Case(When(Exists(licenses), then=LONG_AGO), default=NEVER)
        seat = Case(
            When(license=None, then=Coalesce(latest, without)), default=NEVER, output_field=models.DateTimeField()
        )
        return self.annotate(owner_seat_ends_at=seat)  # type: ignore[no-redef]

    def unexpired(self, now: datetime) -> "TokenQuerySet":
        return self.exclude(expires_at__lte=now)

    def on_hooks(self, now: datetime) -> "TokenQuerySet":
        """Those that take a place of the allowance: not expired, revoked or replaced. Suspended ones keep theirs."""
        return self.unexpired(now).filter(license__isnull=False, revoked_at=None, replaced_at=None)

    def imported(self) -> "TokenQuerySet":
        """Those with a text that another system made."""
        return self.filter(shape__isnull=False)

    def living(self, now: datetime) -> "TokenQuerySet":
        """Neither expired nor revoked nor past the end of an overlap."""
        return self.unexpired(now).filter(revoked_at=None).exclude(stops_at__lte=now)

    def stoppable(self, now: datetime) -> "TokenQuerySet":
        """Living ones, and those that their owners stopped since and could let in again."""
        held_since = Q(revoked_at__gte=now, hold__in=LIFTED_BY_OWNER)
        return self.unexpired(now).filter(Q(revoked_at=None) | held_since).exclude(stops_at__lte=now)

    def in_state(self, state: str, now: datetime, *, are_named: bool = False) -> "TokenQuerySet":
        """The counterpart of Token.state. Named tokens alone are asked for without the last license of their owners."""
        tokens = self if are_named else self.with_seat()
        return tokens.filter(by_state.choice(state, now, are_named=are_named).condition)

    def of_organization(self, organization: Organization) -> "TokenQuerySet":
        return self.filter(organization__among=[organization])

    def scopes_of(self, organization: Organization) -> list[str]:
        """Each set of permissions that tokens there hold, once: from one to the next in the index, over all others."""
        following = "(SELECT min(scope) FROM tokens_token WHERE organization_id = %s AND scope > held.scope)"
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH RECURSIVE held(scope) AS (SELECT '' UNION ALL SELECT {following} FROM held"  # noqa: S608
                " WHERE scope IS NOT NULL) SELECT scope FROM held WHERE scope > ''",
                [organization.pk],
            )
            return [scope for (scope,) in cursor.fetchall()]

    def account_token_of(self, user: "User") -> "Token | None":
        """The newest one, whatever its state: an earlier one never comes back."""
        return self.filter(owner=user, license=None).with_surroundings().order_by("-pk").first()
