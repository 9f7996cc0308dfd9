"""The token: one row, its facts, and the state that follows from them."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import License, Organization
from accounts.validators import validate_plain_text
from tokens import scopes
from tokens.clearance import Clearances
from tokens.models.by_state import STOPPED
from tokens.models.policy import Block, Policy
from tokens.models.querysets import NEVER, TokenQuerySet
from tokens.models.shape import TextShape
from tokens.models.states import EXPIRING_WITHIN, LIFTED_BY_OWNER, NEVER_LIFTED, Hold, State
from tokens.models.words import TokenWord

if TYPE_CHECKING:
    from accounts.models import User


class Token(models.Model):
    """A named token hangs on a license; the account token hangs on its owner and holds everything they hold.

    `organization` repeats the license's, which never changes, so that an inventory is read from one table.
    """

    SEARCHED: ClassVar[set[str]] = {"name", "hint"}

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens")
    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="tokens", null=True)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="tokens", null=True, db_index=False
    )
    name = models.CharField(max_length=60, validators=[validate_plain_text])
    scope = models.CharField(max_length=1000, blank=True)
    allowed_networks = models.JSONField(default=list)
    revoke_on_sign_out = models.BooleanField(default=False)

    digest = models.BinaryField(max_length=32, unique=True)
    pepper = models.PositiveSmallIntegerField()
    hint = models.CharField(max_length=40)
    sealed = models.BinaryField(null=True)
    # Of a text that was taken over from another system; None for our own.
    shape = models.ForeignKey(TextShape, on_delete=models.PROTECT, null=True, related_name="tokens", db_index=False)

    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    hold = models.CharField(max_length=20, choices=Hold.choices, blank=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    stop_reason = models.CharField(max_length=200, blank=True, validators=[validate_plain_text])

    predecessor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="successors")
    # The first of a chain of rotations, which the calls of all others count as. No reference: nothing looks it up.
    counted_as = models.BigIntegerField(null=True)
    replaced_at = models.DateTimeField(null=True)
    stops_at = models.DateTimeField(null=True)
    stops_on_use = models.BooleanField(default=False)

    awaits_approval = models.BooleanField(default=False)
    resumed_at = models.DateTimeField(null=True)
    session_mark = models.CharField(max_length=32, blank=True)

    first_used_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_address = models.GenericIPAddressField(null=True)
    last_written_at = models.DateTimeField(null=True)

    # So that what is sent twice is done once; the fingerprint tells whether it was the same.
    request_key = models.UUIDField(null=True, unique=True)
    request_fingerprint = models.CharField(max_length=64, blank=True)

    # Of account tokens only, filled by with_seat().
    owner_seat_ends_at: datetime = NEVER.value
    # Of those that a call looked up.
    clearances: Clearances | None = None

    objects = TokenQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-id"], name="token_owner"),
            models.Index(fields=["license", "-id"], name="token_license"),
            # Of those that a letter is due for. Over all of them PostgreSQL would read an inventory along it, too.
            models.Index(fields=["expires_at"], condition=Q(revoked_at=None, replaced_at=None), name="token_expiry"),
            # The inventory of an organization: one for each of its sorts. Of two, one more column stands behind, so
            # that what a search or a last use asks for is read from the index and only the rows found from the table.
            models.Index(fields=["organization", "id"], name="token_organization"),
            models.Index(fields=["organization", "name", "id", "hint"], name="token_organization_name"),
            models.Index(fields=["organization", "last_used_at", "id", "created_at"], name="token_organization_used"),
            models.Index(fields=["organization", "expires_at", "id"], name="token_organization_expiry"),
            # What is in a state is found here, however few of them there are. What was neither revoked nor replaced:
            models.Index(
                fields=["organization", "expires_at", "id", "license"],
                condition=Q(revoked_at=None, stops_at=None),
                name="token_untouched",
            ),
            models.Index(fields=["organization", "created_at", "id"], condition=STOPPED, name="token_stopped"),
            models.Index(
                fields=["organization", "stops_at", "id", "revoked_at"],
                condition=Q(stops_at__isnull=False),
                name="token_replaced",
            ),
            models.Index(fields=["organization", "id"], condition=Q(awaits_approval=True), name="token_pending"),
            models.Index(fields=["organization", "created_at", "id"], name="token_created"),
            models.Index(fields=["organization", "scope", "id"], name="token_scope"),
            # Most have none: to SQLite's statistics an index with all of them would find almost every row.
            models.Index(fields=["predecessor"], condition=Q(predecessor__isnull=False), name="token_successor"),
            # Most installations took over few tokens or none.
            models.Index(
                fields=["organization", "expires_at", "id"],
                condition=Q(shape__isnull=False, revoked_at=None, stops_at=None),
                name="token_imported",
            ),
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
            models.CheckConstraint(
                condition=Q(replaced_at=None, stops_at=None, stops_on_use=False)
                | Q(replaced_at__isnull=False, stops_at__isnull=False, license__isnull=False),
                name="token_replaced_means_stopping",
            ),
            models.CheckConstraint(
                condition=Q(stops_at=None) | Q(expires_at=None) | Q(stops_at__lte=F("expires_at")),
                name="token_stops_before_it_expires",
            ),
            models.CheckConstraint(
                condition=Q(organization=None) | Q(license__isnull=False), name="token_organization_through_license"
            ),
            models.CheckConstraint(
                condition=Q(stop_reason="") | Q(revoked_at__isnull=False), name="token_reason_means_revoked"
            ),
            models.CheckConstraint(condition=~Q(name="") & ~Q(hint=""), name="token_has_name_and_hint"),
            models.CheckConstraint(
                condition=Q(shape=None) | Q(license__isnull=False), name="token_imported_means_named"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.hint}"

    @transaction.atomic(savepoint=False)
    def save(self, *args: Any, **options: Any) -> None:
        is_new, fields = self._state.adding, options.get("update_fields")
        super().save(*args, **options)
        if is_new:
            self.write_words([self])
        elif fields is None or self.SEARCHED & set(fields):
            self.rewrite_words([self])

    @staticmethod
    def write_words(tokens: "Iterable[Token]") -> None:
        """Of new ones."""
        TokenWord.objects.write(tokens)

    @staticmethod
    def rewrite_words(tokens: "Iterable[Token]") -> None:
        TokenWord.objects.rewrite(tokens)

    def get_absolute_url(self) -> str:
        return reverse("security") if self.is_account_token else reverse("token-detail", args=[self.pk])

    @property
    def is_account_token(self) -> bool:
        return self.license_id is None

    @property
    def bucket(self) -> str:
        """What its calls are counted under: a token that is rotated, reset or renamed gets no second helping."""
        return f"owner {self.owner_id}" if self.is_account_token else str(self.counted_as or self.pk)

    @property
    def is_imported(self) -> bool:
        """Whether its text was made by another system. Its successor's is ours."""
        return self.shape_id is not None

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    @property
    def is_replaced(self) -> bool:
        return self.replaced_at is not None

    def has_stopped(self, now: datetime) -> bool:
        """Whether the overlap with its successor is over."""
        return self.stops_at is not None and self.stops_at <= now

    def has_ended(self, now: datetime) -> bool:
        return self.is_revoked or self.is_expired(now) or self.has_stopped(now)

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    @property
    def ends_at(self) -> datetime | None:
        """When it expires, or its overlap with a successor is over; None where nothing ends it."""
        return min(filter(None, [self.expires_at, self.stops_at]), default=None)

    def is_license_in_force(self, now: datetime) -> bool:
        """Its own license; of an account token, any license of its owner."""
        license = self.license
        return self.owner_seat_ends_at > now if license is None else license.is_in_force(now)

    @cached_property
    def policy(self) -> Policy | None:
        """Of the organization whose license it hangs on; account tokens hang on their owner alone."""
        license = self.license
        return Policy.of(license.organization) if license else None

    def block(self, now: datetime) -> Block | None:
        """Which rule of the policy keeps it from working."""
        policy = self.policy
        return policy.block_of(self, now) if policy else None

    @property
    def last_seen_at(self) -> datetime:
        """What idle days are counted from: its last use, or when it was made or resumed, if that was later."""
        return max(filter(None, [self.created_at, self.last_used_at, self.resumed_at]))

    @property
    def reach(self) -> str:
        """What an approval is about: what it may do, and from where."""
        return f"{self.scope} from {', '.join(self.allowed_networks) or 'anywhere'}"

    @property
    def version(self) -> str:
        """Another one after every change that somebody made; use makes none."""
        ends = [str(at) for at in (self.expires_at, self.revoked_at, self.replaced_at, self.stops_at)]
        facts = [self.name, self.reach, *ends, self.hold, str(self.revoke_on_sign_out), str(self.awaits_approval)]
        return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:32]

    @property
    def is_pending(self) -> bool:
        return self.awaits_approval and self.policy is not None and self.policy.requires_approval

    def state(self, now: datetime) -> State:
        if self.is_revoked or self.has_stopped(now):
            return State.REVOKED
        if self.is_expired(now):
            return State.EXPIRED
        if not self.owner.is_active or not self.is_license_in_force(now):
            return State.SUSPENDED
        if self.block(now):
            return State.BLOCKED
        if self.is_pending:
            return State.PENDING
        if self.is_replaced:
            return State.ENDING
        if self.is_expired(now + EXPIRING_WITHIN):
            return State.EXPIRING
        return State.ACTIVE

    @property
    def scopes(self) -> frozenset[str]:
        return scopes.everything() if self.is_account_token else scopes.parse(self.scope)

    def allows(self, needed: str) -> bool:
        """Whether it may do this: it holds the permission, and the policy does not withhold it."""
        return scopes.allows(self.scopes, needed) and not scopes.is_withheld(needed, self.withheld)

    @cached_property
    def withheld(self) -> frozenset[str]:
        """What the policy keeps back from its owner."""
        policy = self.policy
        return policy.withheld_from(self.owner, self.license) if policy and self.license else frozenset()

    def is_governed_by(self, user: "User") -> bool:
        """Whether the user administers the organization whose license the token hangs on."""
        return License.objects.governs(user, self.organization_id)

    @property
    def stopper(self) -> str:
        """Who or what holds it back, by name where somebody did: "Bob Reyes, an administrator"."""
        hold = self.hold or Hold.REPLACED
        if self.revoked_by is None or hold in {Hold.REPLACED, Hold.REGENERATED}:
            return str(Hold(hold).label)
        name = self.revoked_by.display_name
        is_person = hold in {Hold.OWNER, Hold.ADMINISTRATOR}
        return f"{name}, {Hold(hold).label}" if is_person else f"{Hold(hold).label} by {name}"

    def is_liftable(self, now: datetime) -> bool:
        """Whether anybody at all could re-approve it: an expiry is for good, so are some holds and a closed account."""
        ended = self.is_expired(now) or self.is_replaced or self.hold in NEVER_LIFTED or self.owner.is_closed
        return self.is_revoked and not ended and not self.is_account_token

    def is_reapprovable_by(self, user: "User", now: datetime) -> bool:
        """By the owner if owner or sign-out stopped it, by an administrator in every case.

        Who is both lifts no hold of another administrator from their own token.
        """
        if not self.is_liftable(now):
            return False
        if user == self.owner and self.hold in LIFTED_BY_OWNER:
            return True
        is_own_case = user == self.owner and self.hold == Hold.ADMINISTRATOR
        return not is_own_case and self.is_governed_by(user)
