"""How a token stands, and who or what stopped it."""

from datetime import timedelta

from django.db import models

EXPIRING_WITHIN = timedelta(days=7)


class State(models.TextChoices):
    """How a token stands. Derived, never stored."""

    ACTIVE = "active", "Active"
    ENDING = "ending", "Ending"
    EXPIRING = "expiring", "Expiring"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"
    SUSPENDED = "suspended", "Suspended"
    BLOCKED = "blocked", "Blocked by policy"
    PENDING = "pending", "Pending"


ENDED = {State.EXPIRED, State.REVOKED}


class Hold(models.TextChoices):
    """Who or what stopped a token."""

    OWNER = "owner", "its owner"
    ADMINISTRATOR = "administrator", "an administrator"
    DEACTIVATION = "deactivation", "a deactivation"
    SIGN_OUT = "sign-out", "a sign-out"
    REGENERATED = "regenerated", "being regenerated"
    REPLACED = "replaced", "being replaced"
    LEAK = "leak", "a leak report"


LIFTED_BY_OWNER = {Hold.OWNER, Hold.SIGN_OUT}
NEVER_LIFTED = {Hold.REGENERATED, Hold.REPLACED, Hold.LEAK}
