from django.urls import path

from tokens.pages.organization import audit, choosing, inventory, leaks, members, policy

urlpatterns = [
    path("admin/", choosing.choose, name="admin"),
    path("admin/<slug:slug>/", choosing.home, name="organization"),
    path("admin/<slug:slug>/tokens/", inventory.tokens, name="organization-tokens"),
    path("admin/<slug:slug>/tokens/new/", inventory.create_token, name="organization-token-new"),
    path("admin/<slug:slug>/tokens/<int:pk>/", inventory.token, name="organization-token"),
    path("admin/<slug:slug>/tokens/<int:pk>/revoke/", inventory.revoke, name="organization-token-revoke"),
    path(
        "admin/<slug:slug>/tokens/<int:pk>/re-approve/",
        inventory.reapprove,
        name="organization-token-reapprove",
    ),
    path("admin/<slug:slug>/tokens/<int:pk>/approve/", inventory.approve, name="organization-token-approve"),
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
    path("admin/<slug:slug>/policy/", policy.policy, name="organization-policy"),
    path("admin/<slug:slug>/policy/save/", policy.save_policy, name="organization-policy-save"),
    path("admin/<slug:slug>/leaks/", leaks.desk, name="organization-leaks"),
    path("admin/<slug:slug>/leaks/<int:pk>/revoke/", leaks.revoke, name="organization-leak-revoke"),
    path("admin/<slug:slug>/audit/", audit.audit_log, name="organization-audit"),
    path("admin/<slug:slug>/audit/export.csv", audit.export, {"format": "csv"}, name="organization-audit-csv"),
    path("admin/<slug:slug>/audit/export.jsonl", audit.export, {"format": "jsonl"}, name="organization-audit-jsonl"),
]
