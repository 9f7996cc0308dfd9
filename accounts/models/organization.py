"""An organization. Who belongs to it is said by its licenses; there is no separate membership."""

from typing import TYPE_CHECKING

from django.db import models
from django.urls import reverse

from accounts.validators import validate_plain_text

if TYPE_CHECKING:
    from accounts.models.user import User


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def of_member(self, user: "User") -> "OrganizationQuerySet":
        """Those in which the user holds a license that is in force."""
        from accounts.models.license import License

        return self.filter(pk__in=License.objects.in_force().filter(user=user).values("organization"))

    def administered_by(self, user: "User") -> "OrganizationQuerySet":
        """Those in which the user holds an administrator's license that is in force."""
        from accounts.models.license import License

        return self.filter(pk__in=License.objects.governing().filter(user=user).values("organization"))


class Organization(models.Model):
    name = models.CharField(max_length=100, validators=[validate_plain_text])
    slug = models.SlugField(max_length=60, unique=True)
    seats = models.PositiveIntegerField(
        "licenses at most",
        null=True,
        blank=True,
        help_text="How many licenses may be in use at a time. Empty for no limit.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("organization-tokens", args=[self.slug])
