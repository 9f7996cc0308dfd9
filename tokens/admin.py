"""Tokens in Django's admin: to look at, and to revoke. Never a digest, never a sealed text."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.actor import Actor
from accounts.admin import ReadOnly
from tokens import lifecycle
from tokens.models import Token


@admin.register(Token)
class TokenAdmin(ReadOnly):
    list_display = ("name", "hint", "owner", "license", "state", "last_used_at", "expires_at")
    list_select_related = ("owner", "license__organization__policy")
    list_filter = ("hold",)
    search_fields = ("name", "hint", "owner__email", "owner__name", "license__number")
    ordering = ("-pk",)
    show_full_result_count = False
    fields = (
        ("name", "hint"),
        ("owner", "license"),
        ("state", "hold", "revoked_at", "revoked_by"),
        "scope",
        "allowed_networks",
        ("created_at", "expires_at"),
        ("first_used_at", "last_used_at", "last_used_address"),
    )
    actions = ("revoke",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup.startswith("hold")

    @admin.display(description="State")
    def state(self, token: Token) -> str:
        return token.state(timezone.now()).label

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[Token]) -> None:
        for token in tokens:
            lifecycle.revoke(actor=Actor.of(request), token=token)
