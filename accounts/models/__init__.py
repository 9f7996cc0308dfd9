from accounts.models.audit import AuditEvent
from accounts.models.license import License, Role
from accounts.models.organization import Organization
from accounts.models.user import User

__all__ = ["AuditEvent", "License", "Organization", "Role", "User"]
