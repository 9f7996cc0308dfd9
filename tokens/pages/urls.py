from django.urls import include, path

from tokens.pages import account_token, creation, dashboard, leaving, management, personal_data

urlpatterns = [
    path("", dashboard.overview, name="dashboard"),
    path("api-key/", account_token.api_key, name="api-key"),
    path("api-key/reset/", account_token.reset, name="api-key-reset"),
    path("api-key/reveal/", account_token.reveal_api_key, name="api-key-reveal"),
    path("security/", account_token.security, name="security"),
    path("security/api-token/regenerate/", account_token.regenerate, name="security-regenerate"),
    path("security/api-token/reveal/", account_token.reveal_security, name="security-reveal"),
    path("security/data/", personal_data.download, name="data-download"),
    path("security/close/", personal_data.close, name="account-close"),
    path("tokens/", management.index, name="tokens"),
    path("tokens/new/", creation.new, name="token-new"),
    path("tokens/<int:pk>/", management.detail, name="token-detail"),
    path("tokens/<int:pk>/created/", creation.created, name="token-created"),
    path("tokens/<int:pk>/first-call/", creation.first_call, name="token-first-call"),
    path("tokens/<int:pk>/edit/", management.edit, name="token-edit"),
    path("tokens/<int:pk>/rotate/", creation.rotate, name="token-rotate"),
    path("tokens/<int:pk>/revoke/", management.revoke, name="token-revoke"),
    path("tokens/<int:pk>/resume/", management.resume, name="token-resume"),
    path("tokens/<int:pk>/re-approve/", management.reapprove, name="token-reapprove"),
    path("profile/licenses/<int:pk>/leave/", leaving.leave, name="license-leave"),
    path("", include("tokens.pages.organization.urls")),
]
