"""A license: the seat that ties a person to an organization, or to none, and carries the tokens' hooks."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.organization import Organization
from accounts.models.versions import version_of
from accounts.models.words import LicenseWord, PersonWord, SearchedQuerySet
from accounts.validators import validate_plain_text
from config.choice import along

if TYPE_CHECKING:
    from accounts.models.user import User

MOST_HOOKS = 100


class Role(models.TextChoices):
    MEMBER = "member", "Member"
    ADMINISTRATOR = "administrator", "Administrator"


def default_allowance() -> int:
    return settings.TOKEN_ALLOWANCE


class LicenseQuerySet(SearchedQuerySet["License"]):
    def in_force(self, now: datetime | None = None) -> "LicenseQuerySet":
        return self.filter(deactivated_at=None).exclude(valid_until__lte=now or timezone.now())

    def out_of_force(self, now: datetime) -> "LicenseQuerySet":
        """The rest of in_force()."""
        return self.filter(Q(deactivated_at__isnull=False) | Q(valid_until__lte=now))

    def administrators(self) -> "LicenseQuerySet":
        return self.filter(role=Role.ADMINISTRATOR, user__is_active=True, user__is_service_account=False)

    def governing(self) -> "LicenseQuerySet":
        """Those that let their holders administer their organization now."""
        return self.in_force().administrators()

    def governs(self, user: "User | None", organization_id: int | None) -> bool:
        """Whether the user administers the organization now."""
        if user is None or organization_id is None:
            return False
        return self.governing().filter(user=user, organization=organization_id).exists()

    def kept(self) -> "LicenseQuerySet":
        """Without those that were withdrawn, or that their holders left."""
        return self.filter(withdrawn_at=None)

    def taken(self) -> "LicenseQuerySet":
        """Those that count against the seats of an organization: an expired one keeps its place."""
        return self.filter(deactivated_at=None)

    def of_service_accounts(self) -> "LicenseQuerySet":
        """From the side of those accounts, which are few beside people."""
        from accounts.models.user import User

        accounts = along("user_service_account", User.objects.filter(is_service_account=True))
        return along("license_person", self.filter(user__in=accounts.values("pk")))

    def of_organization(self, organization: Organization) -> "LicenseQuerySet":
        return self.filter(organization__among=[organization])

    def in_order(self) -> "LicenseQuerySet":
        """Those of organizations first, individual ones last."""
        return self.order_by(F("organization__name").asc(nulls_last=True), "pk")


class License(models.Model):
    SEARCHED: ClassVar[set[str]] = {"name", "number"}

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="licenses")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="licenses", null=True, blank=True
    )
    name = models.CharField(max_length=60, validators=[validate_plain_text])
    number = models.CharField(max_length=40, unique=True, validators=[validate_plain_text])
    role = models.CharField(max_length=13, choices=Role.choices, default=Role.MEMBER)
    allowance = models.PositiveSmallIntegerField(default=default_allowance)
    valid_until = models.DateTimeField(null=True, blank=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LicenseQuerySet.as_manager()

    class Meta:
        indexes = [
            # Counted and chosen without a look at the others.
            models.Index(fields=["organization", "id"], condition=Q(withdrawn_at=None), name="license_kept"),
            models.Index(fields=["organization", "id"], condition=Q(deactivated_at=None), name="license_taken"),
            models.Index(
                fields=["organization", "id"],
                condition=Q(deactivated_at__isnull=False, withdrawn_at=None),
                name="license_deactivated",
            ),
            models.Index(
                fields=["organization", "id"], condition=Q(withdrawn_at__isnull=False), name="license_withdrawn"
            ),
            models.Index(fields=["organization", "role", "id"], name="license_role"),
            models.Index(fields=["user", "organization"], name="license_person"),
            models.Index(
                fields=["organization", "valid_until"], condition=Q(valid_until__isnull=False), name="license_ending"
            ),
        ]
        constraints = [
            models.UniqueConstraint("user", "organization", name="license_one_a_person_and_organization"),
            models.UniqueConstraint("user", condition=Q(organization=None), name="license_one_individual_a_person"),
            models.CheckConstraint(
                condition=Q(role=Role.MEMBER) | Q(organization__isnull=False),
                name="license_administrator_has_organization",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(deactivated_at__isnull=False),
                name="license_withdrawn_means_deactivated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    @transaction.atomic(savepoint=False)
    def save(self, *args: Any, **options: Any) -> None:
        is_new, fields = self._state.adding, options.get("update_fields")
        super().save(*args, **options)
        if is_new:
            self.write_words([type(self).objects.select_related("user").get(pk=self.pk)])  # as the person is called now
        elif fields is None or self.SEARCHED & set(fields):
            self.rewrite_words([self])

    @staticmethod
    def write_words(licenses: "Iterable[License]") -> None:
        """Of new ones, whose holders are locked, or known to nobody else yet."""
        LicenseWord.objects.write(licenses)
        PersonWord.objects.write(licenses)

    @staticmethod
    def rewrite_words(licenses: "Iterable[License]") -> None:
        LicenseWord.objects.rewrite(licenses)

    def is_in_force(self, now: datetime) -> bool:
        return self.deactivated_at is None and not self.has_ended(now)

    def has_ended(self, now: datetime) -> bool:
        return self.valid_until is not None and self.valid_until <= now

    @property
    def is_deactivated(self) -> bool:
        return self.deactivated_at is not None

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def version(self) -> str:
        terms = (self.name, self.role, self.allowance, self.valid_until)
        return version_of(*terms, self.deactivated_at, self.withdrawn_at)
