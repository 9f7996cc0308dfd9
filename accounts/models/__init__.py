from accounts.models.audit import AuditEvent
from accounts.models.invitation import Invitation
from accounts.models.license import MOST_HOOKS, License, Role
from accounts.models.organization import Organization
from accounts.models.user import User

__all__ = ["MOST_HOOKS", "AuditEvent", "Invitation", "License", "Organization", "Role", "User"]
