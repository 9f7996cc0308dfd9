"""The map of the house."""

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, reverse_lazy
from django.utils.functional import lazy
from django.views.generic import RedirectView

from tokens.api.endpoints import api
from tokens.problems import ROOT

# Addresses are changed on the person, where it is recorded.
admin.site.unregister(EmailAddress)
# Second factors belong to their owners; for who lost theirs there is `manage.py resetsecondfactor`.
admin.site.unregister(Authenticator)
# Sessions are their owners' too: listed and ended in Security Settings.
admin.site.unregister(UserSession)
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path(ROOT.lstrip("/"), api.urls),
    path("", include("tokens.pages.urls")),
    path("", include("accounts.pages.urls")),
    path("account/", include("accounts.pages.door_urls")),
    path("account/", include("allauth.account.urls")),
    path("django-admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("django-admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("favicon.svg"))),
    path(".well-known/change-password", RedirectView.as_view(url=reverse_lazy("account_change_password"))),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"
