"""Pages under /account/ that stand before django-allauth's own: second factors, and what asks for a recent sign-in.

The names are django-allauth's, which leads to them by name.
"""

from allauth.account import views
from django.urls import path

from accounts.pages import second_factor
from accounts.recency import recent_sign_in_required

urlpatterns = [
    path("email/", recent_sign_in_required(views.email), name="account_email"),
    path("password/change/", recent_sign_in_required(views.password_change), name="account_change_password"),
    path("password/set/", recent_sign_in_required(views.password_set), name="account_set_password"),
    path("2fa/", second_factor.settings, name="mfa_index"),
    path("2fa/authenticate/", second_factor.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", second_factor.confirm_by_code, name="mfa_reauthenticate"),
    path("2fa/app/", second_factor.set_up_app, name="mfa_activate_totp"),
    path("2fa/app/remove/", second_factor.remove_app, name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", second_factor.show_codes, name="mfa_view_recovery_codes"),
    path("2fa/recovery-codes/make/", second_factor.make_codes, name="mfa_generate_recovery_codes"),
    path("2fa/passkeys/", second_factor.settings, name="mfa_list_webauthn"),
    path("2fa/passkeys/add/", second_factor.add_passkey, name="mfa_add_webauthn"),
    path("2fa/passkeys/reauthenticate/", second_factor.confirm_by_passkey, name="mfa_reauthenticate_webauthn"),
    path("2fa/passkeys/sign-in/", second_factor.sign_in_by_passkey, name="mfa_login_webauthn"),
    path("2fa/passkeys/<int:pk>/rename/", second_factor.rename_passkey, name="mfa_edit_webauthn"),
    path("2fa/passkeys/<int:pk>/remove/", second_factor.remove_passkey, name="mfa_remove_webauthn"),
]
