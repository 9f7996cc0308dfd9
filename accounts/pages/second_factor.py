"""django-allauth's pages for second factors under our rule: a recent sign-in, and each act whole or not at all."""

from typing import Any

from allauth.mfa.base import views as base
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import second_factor
from accounts.guards import View
from accounts.recency import recent_sign_in_required


def guarded(view: View) -> View:
    return recent_sign_in_required(transaction.atomic(view))


@login_required
def settings(request: HttpRequest) -> HttpResponse:
    """Everything about two-factor stands on Security Settings."""
    return redirect(f"{reverse('security')}#two-factor")


class SetUpApp(app.ActivateTOTPView):
    def form_valid(self, form: Any) -> HttpResponse:
        """The code that proved the app is used up: nobody who saw it signs in with it."""
        try:
            response = super().form_valid(form)
        except IntegrityError:  # the form was sent twice, and the other one won
            return redirect("mfa_index")
        factor = self.request.user.authenticator_set.get(type="totp")
        second_factor.use_up(factor, form.cleaned_data["code"])
        return response


class LastFactor:
    """Tells the question whether two-factor is off afterwards."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        factors = self.request.user.authenticator_set.filter(type__in=second_factor.FACTORS)  # type: ignore[union-attr]
        context = super().get_context_data(**kwargs)  # type: ignore[misc]
        return context | {"is_last": factors.count() == 1}


class RemoveApp(LastFactor, app.DeactivateTOTPView):
    pass


class RemovePasskey(LastFactor, passkeys.RemoveWebAuthnView):
    pass


class ConfirmByPasskey(passkeys.ReauthenticateWebAuthnView):
    def form_invalid(self, form: Any) -> HttpResponse:
        """Ask again, for the same page, where django-allauth would lead away."""
        for error in form.errors.get("credential", []):
            messages.error(self.request, error)
        return redirect(self.request.get_full_path())


set_up_app = guarded(SetUpApp.as_view())
remove_app = guarded(RemoveApp.as_view())
add_passkey = guarded(passkeys.add_webauthn)
rename_passkey = guarded(passkeys.edit_webauthn)
remove_passkey = guarded(RemovePasskey.as_view())
make_codes = guarded(codes.generate_recovery_codes)
show_codes = guarded(codes.view_recovery_codes)
authenticate = base.authenticate
confirm_by_code = base.reauthenticate
confirm_by_passkey = login_required(ConfirmByPasskey.as_view())
sign_in_by_passkey = passkeys.login_webauthn
