"""The audit log: what happened, written once and never changed."""

from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from config.choice import along

if TYPE_CHECKING:
    from accounts.models.organization import Organization
    from accounts.models.user import User


class AppendOnly(TypeError):
    """Someone tried to change or delete what only grows."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def update(self, **fields: Any) -> NoReturn:
        raise AppendOnly("Audit events are never updated.")

    def delete(self) -> NoReturn:
        raise AppendOnly("Audit events are never deleted.")

    def bulk_create(self, *args: Any, **options: Any) -> NoReturn:
        """Events are written one by one, where their act happens; in bulk they could be written over others."""
        raise AppendOnly("Audit events are written one by one.")

    def of_chain(self, organization: "Organization | int | None") -> Any:
        """The rows of one organization, or of the site's own chain."""
        return self.filter(organization=organization)


class AuditEventQuerySet(AppendOnlyQuerySet):
    def about(self, user: "User") -> "AuditEventQuerySet":
        """What concerns one person, whoever did it, newest first; once, however many chains tell of it."""
        return self.filter(Q(actor=user) | Q(subject=user), is_copy=False).order_by("-pk")

    def of_organization(self, organization: "Organization") -> "AuditEventQuerySet":
        """To be read along an index of its own."""
        return self.filter(organization__among=[organization])

    def latest_about(self, user: "User", count: int) -> "list[AuditEvent]":
        """The first of about(), along one index each: over both at once a database would sort or scan."""
        told = self.filter(is_copy=False)
        acts = along("audit_actor", told.filter(actor__among=[user]).order_by("actor_id", "-id"))[:count]
        met = along("audit_subject", told.filter(subject__among=[user]).order_by("subject_id", "-id"))[:count]
        found = {event.pk: event for event in [*acts, *met]}
        return [found[pk] for pk in sorted(found, reverse=True)][:count]

    def delete_before(self, mark: "AuditMark") -> int:
        """What a mark says is cut off; the database lets nothing else go."""
        gone, _ = models.QuerySet.delete(self.of_chain(mark.organization_id).filter(position__lte=mark.position))
        return gone


class AppendOnlyModel(models.Model):
    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding or (self.pk is not None and not kwargs.get("force_insert")):
            raise AppendOnly("Audit events are never updated.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit events are never deleted.")


def reference(to: str, related_name: str) -> "models.ForeignKey[Any, Any]":
    """Kept by Django alone: the database would check it by a lock on the person, taken after that on the chain."""
    return models.ForeignKey(
        to,
        on_delete=models.PROTECT,
        null=True,
        related_name=related_name,
        db_index=False,
        db_constraint=False,
    )


class AuditEvent(AppendOnlyModel):
    """Who did what, to whom or to which token, from where and when (UTC).

    A token is named by id, name and hint, never by a reference, because accounts know nothing of tokens. Every column
    is signed, see `accounts/chain.py`.
    """

    occurred_at = models.DateTimeField()
    action = models.CharField(max_length=60)
    actor = reference(settings.AUTH_USER_MODEL, "acts")
    subject = reference(settings.AUTH_USER_MODEL, "events")
    organization = reference("accounts.Organization", "events")
    token_id = models.BigIntegerField(null=True)
    token_name = models.CharField(max_length=60, blank=True)
    token_hint = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    is_copy = models.BooleanField(
        default=False, help_text="The same act stands in the chain of another organization too, and is told there."
    )
    position = models.PositiveBigIntegerField()
    key = models.PositiveSmallIntegerField()
    mac = models.BinaryField(max_length=32)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["actor", "-id"], name="audit_actor"),
            models.Index(fields=["subject", "-id"], name="audit_subject"),
            models.Index(fields=["organization", "-id"], name="audit_organization"),
            models.Index(fields=["token_id", "-id"], name="audit_token"),
            models.Index(fields=["organization", "action", "id"], name="audit_action"),
            models.Index(fields=["organization", "occurred_at", "id"], name="audit_occurred"),
            # What a search asks for. Acts of somebody in other organizations are not looked at.
            models.Index(fields=["organization", "actor", "id"], name="audit_organization_actor"),
            models.Index(fields=["organization", "subject", "id"], name="audit_organization_subject"),
            models.Index(fields=["organization", "address", "id"], name="audit_organization_address"),
        ]
        constraints = [
            models.UniqueConstraint("organization", "position", name="audit_one_a_position"),
            models.UniqueConstraint(
                "position", condition=Q(organization=None), name="audit_one_a_position_of_the_site"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} at {self.occurred_at:%Y-%m-%d %H:%M:%S}"


class AuditChain(models.Model):
    """Where the log of one organization ends, or the site's own: the lock under which events are appended."""

    organization = reference("accounts.Organization", "+")
    count = models.PositiveBigIntegerField(default=0)
    head = models.BinaryField(max_length=32)
    key = models.PositiveSmallIntegerField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(Coalesce("organization", Value(0)), name="auditchain_one_an_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.count} events"


class AuditMark(AppendOnlyModel):
    """What retention cut off: every event up to a position, and the mac of the last of them. Signed like events."""

    organization = reference("accounts.Organization", "+")
    position = models.PositiveBigIntegerField()
    head = models.BinaryField(max_length=32)
    cut_at = models.DateTimeField()
    key = models.PositiveSmallIntegerField()
    mac = models.BinaryField(max_length=32)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "-position"], name="auditmark_organization")]

    def __str__(self) -> str:
        return f"cut at {self.position}"
