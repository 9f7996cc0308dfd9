"""What the API takes and gives. What it takes is strict: no unknown fields, and no number where text is asked."""

from tokens.api.schemas.forward_auth import ForwardAuthQuery
from tokens.api.schemas.leaks import Heard, LeakReport
from tokens.api.schemas.oauth import Introspection, IntrospectionForm, OAuthForm
from tokens.api.schemas.parts import Moment, PlainText, Query, Taken
from tokens.api.schemas.person import Me, MePatch
from tokens.api.schemas.problem import Problem
from tokens.api.schemas.tokens import (
    IssuedToken,
    Reason,
    Rotation,
    TokenDraft,
    TokenPage,
    TokenPatch,
    TokenQuery,
    TokenView,
)

__all__ = [
    "ForwardAuthQuery",
    "Heard",
    "Introspection",
    "IntrospectionForm",
    "IssuedToken",
    "LeakReport",
    "Me",
    "MePatch",
    "Moment",
    "OAuthForm",
    "PlainText",
    "Problem",
    "Query",
    "Reason",
    "Rotation",
    "Taken",
    "TokenDraft",
    "TokenPage",
    "TokenPatch",
    "TokenQuery",
    "TokenView",
]
