from tokens.models.querysets import TokenQuerySet
from tokens.models.states import ENDED, EXPIRING_WITHIN, LIFTED_BY_OWNER, NEVER_LIFTED, Hold, State
from tokens.models.token import Token
from tokens.models.usage import Notice, RefusalDay, TokenAddress, TokenDay, TokenNetwork

ACCOUNT_TOKEN_NAME = "Account token"

__all__ = [
    "ACCOUNT_TOKEN_NAME",
    "ENDED",
    "EXPIRING_WITHIN",
    "LIFTED_BY_OWNER",
    "NEVER_LIFTED",
    "Hold",
    "Notice",
    "RefusalDay",
    "State",
    "Token",
    "TokenAddress",
    "TokenDay",
    "TokenNetwork",
    "TokenQuerySet",
]
