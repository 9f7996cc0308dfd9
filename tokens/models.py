"""The token: one row, its facts, and the state that follows from them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.models import License, Organization
from accounts.validators import validate_plain_text
from tokens import scopes

if TYPE_CHECKING:
    from accounts.models import User

ACCOUNT_TOKEN_NAME = "Account token"
EXPIRING_WITHIN = timedelta(days=7)
NEVER = Value(datetime(9999, 1, 1, tzinfo=UTC), output_field=models.DateTimeField())
LONG_AGO = Value(datetime(1970, 1, 1, tzinfo=UTC), output_field=models.DateTimeField())


class State(models.TextChoices):
    """How a token stands. Derived, never stored."""

    ACTIVE = "active", "Active"
    EXPIRING = "expiring", "Expiring"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"
    SUSPENDED = "suspended", "Suspended"


class Hold(models.TextChoices):
    """Who or what stopped a token."""

    OWNER = "owner", "its owner"
    ADMINISTRATOR = "administrator", "an administrator"
    DEACTIVATION = "deactivation", "a deactivation"
    SIGN_OUT = "sign-out", "a sign-out"
    REGENERATED = "regenerated", "being regenerated"
    LEAK = "leak", "a leak report"


LIFTED_BY_OWNER = {Hold.OWNER, Hold.SIGN_OUT}
NEVER_LIFTED = {Hold.REGENERATED, Hold.LEAK}


class TokenQuerySet(models.QuerySet["Token"]):
    """The named scopes here are the exact counterparts of Token's properties."""

    def named(self) -> "TokenQuerySet":
        return self.filter(license__isnull=False)

    def with_surroundings(self) -> "TokenQuerySet":
        """Everything the state depends on, in one query."""
        return self.with_seat().select_related("owner", "license__organization")

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
        """Those that take a place of the allowance: neither expired nor revoked. Suspended ones keep theirs."""
        return self.unexpired(now).filter(license__isnull=False, revoked_at=None)

    def in_state(self, state: str, now: datetime) -> "TokenQuerySet":
        revoked = Q(revoked_at__isnull=False)
        expired = Q(expires_at__lte=now)
        license_stopped = Q(license__deactivated_at__isnull=False) | Q(license__valid_until__lte=now)
        suspended = Q(owner__is_active=False) | license_stopped | Q(owner_seat_ends_at__lte=now)
        expiring = Q(expires_at__lte=now + EXPIRING_WITHIN)
        tokens = self.with_seat()
        match state:
            case State.REVOKED:
                return tokens.filter(revoked)
            case State.EXPIRED:
                return tokens.exclude(revoked).filter(expired)
            case State.SUSPENDED:
                return tokens.exclude(revoked).exclude(expired).filter(suspended)
            case State.EXPIRING:
                return tokens.exclude(revoked).exclude(expired).exclude(suspended).filter(expiring)
            case State.ACTIVE:
                return tokens.exclude(revoked).exclude(expired).exclude(suspended).exclude(expiring)
        return self.none()

    def matching(self, words: str) -> "TokenQuerySet":
        found = Q(name__icontains=words) | Q(hint__icontains=words)
        found |= Q(owner__name__icontains=words) | Q(owner__email__icontains=words)
        return self.filter(found | Q(license__name__icontains=words) | Q(license__number__icontains=words))

    def of_organization(self, organization: Organization) -> "TokenQuerySet":
        return self.filter(license__organization=organization)

    def account_token_of(self, user: "User") -> "Token | None":
        """The newest one, whatever its state: an earlier one never comes back."""
        return self.filter(owner=user, license=None).with_surroundings().order_by("-pk").first()


class Token(models.Model):
    """A named token hangs on a license; the account token hangs on its owner and holds everything they hold."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens")
    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="tokens", null=True)
    name = models.CharField(max_length=60, validators=[validate_plain_text])
    scope = models.CharField(max_length=1000, blank=True)
    allowed_networks = models.JSONField(default=list)
    revoke_on_sign_out = models.BooleanField(default=False)

    digest = models.BinaryField(max_length=32, unique=True)
    pepper = models.PositiveSmallIntegerField()
    hint = models.CharField(max_length=40)
    sealed = models.BinaryField(null=True)

    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    hold = models.CharField(max_length=20, choices=Hold.choices, blank=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    first_used_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_address = models.GenericIPAddressField(null=True)

    request_key = models.UUIDField(null=True, unique=True)

    # Of account tokens only, filled by with_seat().
    owner_seat_ends_at: datetime = NEVER.value

    objects = TokenQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-id"], name="token_owner"),
            models.Index(fields=["license", "-id"], name="token_license"),
        ]
        constraints = [
            models.UniqueConstraint(
                "owner", condition=Q(license=None, revoked_at=None), name="token_one_account_token_a_person"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, hold="") | (Q(revoked_at__isnull=False) & ~Q(hold="")),
                name="token_revoked_means_held",
            ),
            models.CheckConstraint(
                condition=Q(license=None, scope="") | (Q(license__isnull=False) & ~Q(scope="")),
                name="token_named_means_scoped",
            ),
            models.CheckConstraint(
                condition=Q(sealed=None) | Q(license=None, revoked_at=None),
                name="token_only_account_token_sealed",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")),
                name="token_expires_after_creation",
            ),
            models.CheckConstraint(
                condition=Q(first_used_at=None, last_used_at=None)
                | Q(first_used_at__isnull=False, last_used_at__isnull=False, last_used_at__gte=F("first_used_at")),
                name="token_used_first_then_last",
            ),
            models.CheckConstraint(condition=~Q(name="") & ~Q(hint=""), name="token_has_name_and_hint"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.hint}"

    def get_absolute_url(self) -> str:
        return reverse("token-detail", args=[self.pk])

    @property
    def is_account_token(self) -> bool:
        return self.license_id is None

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def is_license_in_force(self, now: datetime) -> bool:
        """Its own license; of an account token, any license of its owner."""
        if self.license is None:
            return self.owner_seat_ends_at > now
        return self.license.is_in_force(now)

    def state(self, now: datetime) -> State:
        if self.is_revoked:
            return State.REVOKED
        if self.is_expired(now):
            return State.EXPIRED
        if not self.owner.is_active or not self.is_license_in_force(now):
            return State.SUSPENDED
        if self.is_expired(now + EXPIRING_WITHIN):
            return State.EXPIRING
        return State.ACTIVE

    @property
    def scopes(self) -> frozenset[str]:
        return scopes.everything() if self.is_account_token else scopes.parse(self.scope)

    def allows(self, needed: str) -> bool:
        return scopes.allows(self.scopes, needed)

    def is_governed_by(self, user: "User") -> bool:
        """Whether the user administers the organization whose license the token hangs on."""
        if self.license is None or self.license.organization_id is None:
            return False
        seats = License.objects.in_force().administrators()
        return seats.filter(organization=self.license.organization_id, user=user).exists()

    def is_liftable(self, now: datetime) -> bool:
        """Whether anybody at all could re-approve it: some holds are for good, and so is an expiry."""
        ended = self.is_expired(now) or self.hold in NEVER_LIFTED
        return self.is_revoked and not ended and not self.is_account_token

    def is_reapprovable_by(self, user: "User", now: datetime) -> bool:
        """By the owner if owner or sign-out stopped it, by an administrator in every case."""
        if not self.is_liftable(now):
            return False
        return (user == self.owner and self.hold in LIFTED_BY_OWNER) or self.is_governed_by(user)
