from accounts.models.audit import AuditChain, AuditEvent, AuditMark
from accounts.models.license import License, Role
from accounts.models.organization import Organization
from accounts.models.user import User

__all__ = ["AuditChain", "AuditEvent", "AuditMark", "License", "Organization", "Role", "User"]
