"""Why a call is not let in: one named reason each, with what the caller is told."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokens.models import Block, Token


@dataclass(frozen=True, slots=True)
class Refusal:
    """`status` and `code` are the wire format; `title` is for people. `error` is RFC 6750's word, section 3.1."""

    status: int
    code: str
    title: str
    error: str = ""


AMBIGUOUS = Refusal(400, "credential_ambiguous", "The request carries more than one credential.", "invalid_request")
MISSING = Refusal(401, "credential_missing", "A token is needed here.")
INVALID = Refusal(401, "credential_invalid", "The credential is not a valid token.", "invalid_token")
EXPIRED = Refusal(401, "token_expired", "The token has expired.", "invalid_token")
REVOKED = Refusal(401, "token_revoked", "The token has been revoked.", "invalid_token")
OWNER_INACTIVE = Refusal(401, "owner_inactive", "The account of the token is switched off.", "invalid_token")
LICENSE_INACTIVE = Refusal(401, "license_inactive", "The license of the token is not in force.", "invalid_token")
POLICY_BLOCKED = Refusal(401, "policy_blocked", "The organization's policy blocks the token.", "invalid_token")
ADDRESS_DENIED = Refusal(403, "address_denied", "The token may not be used from this address.", "invalid_token")
SCOPE_MISSING = Refusal(403, "scope_missing", "The token lacks a permission.", "insufficient_scope")
APPROVAL_PENDING = Refusal(
    403, "approval_pending", "The token awaits the approval of an administrator.", "insufficient_scope"
)
PERMISSION_WITHHELD = Refusal(
    403, "permission_withheld", "The organization's policy withholds this permission.", "insufficient_scope"
)
ORGANIZATION_DENIED = Refusal(
    403, "organization_denied", "The token does not count in the organization that is asked for.", "insufficient_scope"
)
RATE_LIMITED = Refusal(429, "rate_limited", "Too many calls.")

# What a token's own page calls the reasons.
TITLES = {
    EXPIRED.code: "Token expired",
    REVOKED.code: "Token revoked",
    OWNER_INACTIVE.code: "Account switched off",
    LICENSE_INACTIVE.code: "License not in force",
    POLICY_BLOCKED.code: "Blocked by policy",
    APPROVAL_PENDING.code: "Approval pending",
    PERMISSION_WITHHELD.code: "Permission withheld by policy",
    ADDRESS_DENIED.code: "Address not allowed",
    SCOPE_MISSING.code: "Permission missing",
    ORGANIZATION_DENIED.code: "Other organization",
    RATE_LIMITED.code: "Too many calls",
}


class Refused(Exception):
    """A call is not let in. Carries what the caller may know besides; and the token, if the real secret was shown."""

    def __init__(
        self,
        refusal: Refusal,
        *,
        token: "Token | None" = None,
        scope: str = "",
        rule: "Block | None" = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.token = token
        self.scope = scope
        self.rule = rule
        self.retry_after = retry_after
