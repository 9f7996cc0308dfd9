from django.urls import path

from tokens.pages.organization import audit, bulk, choosing, creation, inventory, members, token

urlpatterns = [
    path("admin/", choosing.choose, name="admin"),
    path("admin/<slug:slug>/", choosing.home, name="organization"),
    path("admin/<slug:slug>/tokens/", inventory.tokens, name="organization-tokens"),
    path("admin/<slug:slug>/tokens/new/", creation.create_token, name="organization-token-new"),
    path("admin/<slug:slug>/tokens/revoke/", bulk.revoke, name="organization-tokens-revoke"),
    path("admin/<slug:slug>/tokens/revoke/progress/", bulk.progress, name="organization-tokens-revoke-progress"),
    path("admin/<slug:slug>/tokens/<int:pk>/", token.detail, name="organization-token"),
    path("admin/<slug:slug>/tokens/<int:pk>/edit/", creation.edit, name="organization-token-edit"),
    path("admin/<slug:slug>/tokens/<int:pk>/rotate/", creation.rotate, name="organization-token-rotate"),
    path("admin/<slug:slug>/tokens/<int:pk>/revoke/", token.revoke, name="organization-token-revoke"),
    path(
        "admin/<slug:slug>/tokens/<int:pk>/re-approve/",
        token.reapprove,
        name="organization-token-reapprove",
    ),
    path("admin/<slug:slug>/members/", members.members, name="organization-members"),
    path(
        "admin/<slug:slug>/members/<int:pk>/deactivate/",
        members.deactivate,
        name="organization-deactivate",
    ),
    path(
        "admin/<slug:slug>/members/<int:pk>/reactivate/",
        members.reactivate,
        name="organization-reactivate",
    ),
    path("admin/<slug:slug>/audit/", audit.audit_log, name="organization-audit"),
]
