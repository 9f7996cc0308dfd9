"""The only writer of token state, where both ways end: issue, rotate, edit, revoke, re-approve, regenerate, reveal,
take over.

Every act is one transaction with one audit row. The plaintext is handed back once, beside the row, and nothing else
ever sees it.
"""

from tokens.lifecycle.bulk import begin_revoking, revoke_many, revoked_in
from tokens.lifecycle.issuing import edit, issue, regenerate, rotate
from tokens.lifecycle.noting import note_first_use, redigest, reveal, unsealed
from tokens.lifecycle.outcome import ActRefused, AlreadyDone, Issued, TooOften
from tokens.lifecycle.policy import Effect, change_policy, check_own_second_factor, effect_of, policy_of
from tokens.lifecycle.rules import LATEST_EXPIRY_YEARS, LONGEST_LIFE
from tokens.lifecycle.stopping import (
    approve,
    reapprove,
    resume,
    revoke,
    revoke_as_leaked,
    revoke_by_text,
    revoke_for_license,
    revoke_for_user,
    revoke_on_license,
    revoke_on_sign_out,
)
from tokens.lifecycle.taking_over import TakeOver, Terms, take_over

__all__ = [
    "LATEST_EXPIRY_YEARS",
    "LONGEST_LIFE",
    "ActRefused",
    "AlreadyDone",
    "Effect",
    "Issued",
    "TakeOver",
    "Terms",
    "TooOften",
    "approve",
    "begin_revoking",
    "change_policy",
    "check_own_second_factor",
    "edit",
    "effect_of",
    "issue",
    "note_first_use",
    "policy_of",
    "reapprove",
    "redigest",
    "regenerate",
    "resume",
    "reveal",
    "revoke",
    "revoke_as_leaked",
    "revoke_by_text",
    "revoke_for_license",
    "revoke_for_user",
    "revoke_many",
    "revoke_on_license",
    "revoke_on_sign_out",
    "revoked_in",
    "rotate",
    "take_over",
    "unsealed",
]
