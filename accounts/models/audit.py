"""The audit log: what happened, written once and never changed."""

from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from accounts.models.user import User


class AppendOnly(TypeError):
    """Someone tried to change or delete what only grows."""


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **fields: Any) -> NoReturn:
        raise AppendOnly("Audit events are never updated.")

    def delete(self) -> NoReturn:
        raise AppendOnly("Audit events are never deleted.")

    def bulk_create(self, *args: Any, **options: Any) -> NoReturn:
        """Events are written one by one, where their act happens; in bulk they could be written over others."""
        raise AppendOnly("Audit events are written one by one.")

    def about(self, user: "User") -> "AuditEventQuerySet":
        """What concerns one person, whoever did it, newest first."""
        return self.filter(models.Q(actor=user) | models.Q(subject=user)).order_by("-pk")


class AuditEvent(models.Model):
    """Who did what, to whom or to which token, from where and when (UTC).

    A token is named by id, name and hint, never by a reference, because accounts know nothing of tokens.
    """

    occurred_at = models.DateTimeField()
    action = models.CharField(max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="acts", db_index=False
    )
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="events", db_index=False
    )
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.PROTECT, null=True, related_name="events", db_index=False
    )
    token_id = models.BigIntegerField(null=True)
    token_name = models.CharField(max_length=60, blank=True)
    token_hint = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["actor", "-id"], name="audit_actor"),
            models.Index(fields=["subject", "-id"], name="audit_subject"),
            models.Index(fields=["organization", "-id"], name="audit_organization"),
            models.Index(fields=["token_id", "-id"], name="audit_token"),
        ]

    def __str__(self) -> str:
        return f"{self.action} at {self.occurred_at:%Y-%m-%d %H:%M:%S}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding or self.pk is not None:
            raise AppendOnly("Audit events are never updated.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit events are never deleted.")
