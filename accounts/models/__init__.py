from accounts.models.audit import AuditChain, AuditEvent, AuditMark
from accounts.models.invitation import Invitation
from accounts.models.license import MOST_HOOKS, License, Role
from accounts.models.organization import Organization
from accounts.models.user import User
from accounts.models.words import LicenseWord, PersonWord

__all__ = [
    "MOST_HOOKS",
    "AuditChain",
    "AuditEvent",
    "AuditMark",
    "Invitation",
    "License",
    "LicenseWord",
    "Organization",
    "PersonWord",
    "Role",
    "User",
]
