from tokens.models.policy import REST_OF_THE_LAST_DAY, Block, Policy
from tokens.models.querysets import TokenQuerySet
from tokens.models.shape import TextShape
from tokens.models.states import ENDED, EXPIRING_WITHIN, LIFTED_BY_OWNER, NEVER_LIFTED, Hold, State
from tokens.models.token import Token
from tokens.models.usage import Notice, RefusalDay, TokenAddress, TokenDay, TokenNetwork
from tokens.models.words import TokenWord

ACCOUNT_TOKEN_NAME = "Account token"

__all__ = [
    "ACCOUNT_TOKEN_NAME",
    "ENDED",
    "EXPIRING_WITHIN",
    "LIFTED_BY_OWNER",
    "NEVER_LIFTED",
    "REST_OF_THE_LAST_DAY",
    "Block",
    "Hold",
    "Notice",
    "Policy",
    "RefusalDay",
    "State",
    "TextShape",
    "Token",
    "TokenAddress",
    "TokenDay",
    "TokenNetwork",
    "TokenQuerySet",
    "TokenWord",
]
