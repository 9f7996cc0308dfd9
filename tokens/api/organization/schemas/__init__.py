"""What administrators send and read."""

from tokens.api.organization.schemas.audit import AuditExportQuery, AuditPage, AuditQuery, AuditWords
from tokens.api.organization.schemas.bulk import BulkProgress, BulkRevocation
from tokens.api.organization.schemas.members import (
    InvitationDraft,
    InvitationPage,
    InvitationView,
    MemberPage,
    MemberPatch,
    MemberQuery,
    MemberView,
    ServiceAccountDraft,
)
from tokens.api.organization.schemas.organization import OrganizationPage, OrganizationSummary, OrganizationView
from tokens.api.organization.schemas.policy import EffectView, PolicyPatch, PolicyView
from tokens.api.organization.schemas.tokens import (
    GivenReason,
    GovernedToken,
    GovernedTokenPage,
    GovernedTokenQuery,
    IssuedGovernedToken,
    TokenWords,
)

__all__ = [
    "AuditExportQuery",
    "AuditPage",
    "AuditQuery",
    "AuditWords",
    "BulkProgress",
    "BulkRevocation",
    "EffectView",
    "GivenReason",
    "GovernedToken",
    "GovernedTokenPage",
    "GovernedTokenQuery",
    "InvitationDraft",
    "InvitationPage",
    "InvitationView",
    "IssuedGovernedToken",
    "MemberPage",
    "MemberPatch",
    "MemberQuery",
    "MemberView",
    "OrganizationPage",
    "OrganizationSummary",
    "OrganizationView",
    "PolicyPatch",
    "PolicyView",
    "ServiceAccountDraft",
    "TokenWords",
]
