"""An invitation: who may join an organization as what, by a link that only its letter holds."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from accounts.models.license import License, Role, default_allowance
from accounts.models.organization import Organization
from accounts.validators import validate_plain_text
from config.choice import along

if TYPE_CHECKING:
    from accounts.models.user import User


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; of those some have expired."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def waiting_in(self, organization: Organization) -> "InvitationQuerySet":
        return along("invitation_one_open_an_address", self.waiting().filter(organization=organization))

    def addressed_to(self, person: "User") -> "InvitationQuerySet":
        """To an address that the person has shown to be theirs."""
        from allauth.account.models import EmailAddress  # a model of its own, loaded after this one

        verified = EmailAddress.objects.filter(user=person, verified=True).annotate(lower=Lower("email"))
        return self.filter(email__in=verified.values("lower"))

    def open(self, now: datetime) -> "InvitationQuerySet":
        """Those whose link lets somebody in."""
        return self.waiting().filter(self.sender_governs(), expires_at__gt=now)

    def vouched_for(self) -> "InvitationQuerySet":
        """With the word whether the sender still administers the organization: nobody comes back by letters of old."""
        return self.annotate(is_vouched_for=self.sender_governs())  # type: ignore[no-redef]

    def sender_governs(self) -> Exists:
        seats = License.objects.governing()
        return Exists(seats.filter(organization=OuterRef("organization"), user=OuterRef("invited_by")))


class Invitation(models.Model):
    """What it says of the license holds from the moment of joining. `digest` is of the secret in the link."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField("e-mail address", max_length=254)
    role = models.CharField(max_length=13, choices=Role.choices, default=Role.MEMBER)
    license_name = models.CharField("license", max_length=60, validators=[validate_plain_text])
    allowance = models.PositiveSmallIntegerField(default=default_allowance)
    valid_until = models.DateTimeField(null=True, blank=True)
    digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitations")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    license = models.ForeignKey(License, on_delete=models.PROTECT, null=True, related_name="invitations")

    # Filled by vouched_for().
    is_vouched_for: bool = True

    objects = InvitationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["email", "created_at"], name="invitation_letters")]
        constraints = [
            models.UniqueConstraint(
                "organization",
                "email",
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="invitation_one_open_an_address",
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="invitation_email_lower_case"),
            models.CheckConstraint(
                condition=Q(accepted_at=None, license=None) | Q(accepted_at__isnull=False, license__isnull=False),
                name="invitation_accepted_means_license",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}, {self.organization}"

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at <= now
