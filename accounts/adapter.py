"""Where django-allauth asks us: who may sign up, whose address it is, when a sign-in is recent, and in which words."""

from contextlib import suppress
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core.context import request_context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import guesses, letters
from accounts.address import address_to_store
from accounts.invited import invited
from accounts.models import User
from accounts.recency import ask_for_sign_in

HALF_OPEN = "half_open"
RETRY_AFTER_SECONDS = 120
SPEAK_FOR_THEMSELVES = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "duplicate_email": "This is already an address of your account.",
        "email_password_mismatch": "E-mail address and password do not belong together.",
        "email_taken": "Another account has this address.",
        "enter_current_password": "This is not your current password.",
        "incorrect_password": "This is not your password.",
        "too_many_login_attempts": "Too many tries. Try again in a few minutes.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.SIGN_UP_OPEN or invited(request) is not None

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """The letter of an invitation has proved whose address it is."""
        return self.unstash_verified_email(request) == email.lower()

    def unstash_verified_email(self, request: HttpRequest) -> str | None:
        invitation = invited(request)
        return invitation.email if invitation else None

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Every way in leads through here, with or without a password."""
        if user.is_service_account:
            clear_login(request)
            return self.respond_user_inactive(request, user)
        request.session[HALF_OPEN] = user.get_session_auth_hash()
        return super().pre_login(request, user, **kwargs)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """The same rule on django-allauth's own pages as on ours.

        It is asked here and answered for good: after a yes, django-allauth would take any password typed lately.
        """
        ask_for_sign_in(self.request)
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """What the page that confirms offers, the best first: the password only to who has no second factor."""
        kinds = set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True)) if user.pk else set()
        app, passkeys, codes = (kind in kinds for kind in ("totp", "webauthn", "recovery_codes"))
        code = {"url": reverse("mfa_reauthenticate"), "description": "Use a code" if app else "Use a recovery code"}
        passkey = {"url": reverse("mfa_reauthenticate_webauthn"), "description": "Use a passkey"}
        password = {"url": reverse("account_reauthenticate"), "description": "Use your password"}
        if app:
            return [code, passkey] if passkeys else [code]
        if passkeys:
            return [passkey, code] if codes else [passkey]
        return [password] if user.is_authenticated and user.has_usable_password() else []

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """After the commit: no lock waits for a mail server, and an act does not fail because it is down."""

        def send() -> None:
            with request_context(self.request), suppress(ImmediateHttpResponse):
                super(AccountAdapter, self).send_notification_mail(*args, **kwargs)

        letters.after_commit(send)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Who waits for a letter that cannot leave is told so, whether the address has an account or not."""
        try:
            super().send_mail(template_prefix, email, context)
        except letters.FAILURES as error:
            letters.note_failure(error)
            page = render(self.request, "errors/no_letter.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
            page.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            raise ImmediateHttpResponse(page) from None

    def login(self, request: HttpRequest, user: Any) -> None:
        """Between the password and the second factor, somebody may be switched off or get another password."""
        begun = request.session.pop(HALF_OPEN, None)
        now = User.objects.get(pk=user.pk)
        if not now.is_active or begun != now.get_session_auth_hash():
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        super().login(request, user)

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_to_store(request)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """Links in letters lead to the one public address, whatever the request called the host."""
        return settings.SITE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def get_reset_password_from_key_url(self, key: str) -> str:
        place = reverse("account_reset_password_from_key", kwargs={"uidb36": "uid", "key": "key"})
        return settings.SITE_URL + place.replace("uid-key", key)

    def is_safe_url(self, url: str | None) -> bool:
        """Only within this site: also not to another port of the same host."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Whoever is signed in already has a limit of their own, by django-allauth."""
        if not request.user.is_authenticated:
            guesses.check(request, credentials.get("email", ""))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        if not request.user.is_authenticated:
            guesses.count_wrong(request, credentials.get("email", ""))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("security")

    def clean_email(self, email: str) -> str:
        return super().clean_email(email).lower()

    def render_mail(
        self, template_prefix: str, email: str, context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMessage:
        """Subjects, and letters sent outside a request, know the site too."""
        known = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
        return super().render_mail(template_prefix, email, known | context, headers)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        if message_template not in SPEAK_FOR_THEMSELVES:
            super().add_message(request, level, message_template, *args, **kwargs)
