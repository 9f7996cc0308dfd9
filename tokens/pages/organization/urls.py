from django.urls import path

from tokens.pages.organization import (
    audit,
    choosing,
    inventory,
    invitations,
    leaks,
    members,
    policy,
    seats,
    service_accounts,
)

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
    path("admin/<slug:slug>/members/invite/", invitations.invite, name="organization-invite"),
    path(
        "admin/<slug:slug>/members/service-accounts/new/",
        service_accounts.create,
        name="organization-service-account-new",
    ),
    path("admin/<slug:slug>/members/<int:pk>/", members.member, name="organization-member"),
    path("admin/<slug:slug>/members/<int:pk>/deactivate/", seats.deactivate, name="organization-deactivate"),
    path("admin/<slug:slug>/members/<int:pk>/reactivate/", seats.reactivate, name="organization-reactivate"),
    path("admin/<slug:slug>/members/<int:pk>/withdraw/", seats.withdraw, name="organization-withdraw"),
    path(
        "admin/<slug:slug>/members/invitations/<int:pk>/resend/",
        invitations.resend,
        name="organization-invitation-resend",
    ),
    path(
        "admin/<slug:slug>/members/invitations/<int:pk>/withdraw/",
        invitations.withdraw,
        name="organization-invitation-withdraw",
    ),
    path("admin/<slug:slug>/policy/", policy.policy, name="organization-policy"),
    path("admin/<slug:slug>/policy/save/", policy.save_policy, name="organization-policy-save"),
    path("admin/<slug:slug>/leaks/", leaks.desk, name="organization-leaks"),
    path("admin/<slug:slug>/leaks/<int:pk>/revoke/", leaks.revoke, name="organization-leak-revoke"),
    path("admin/<slug:slug>/audit/", audit.audit_log, name="organization-audit"),
    path("admin/<slug:slug>/audit/export.csv", audit.export, {"format": "csv"}, name="organization-audit-csv"),
    path("admin/<slug:slug>/audit/export.jsonl", audit.export, {"format": "jsonl"}, name="organization-audit-jsonl"),
]
