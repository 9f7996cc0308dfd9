"""django-allauth's forms for second factors, in our words and hardened. See MFA_FORMS."""

import struct
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as codes
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as app
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.utils import decrypt, encrypt
from allauth.mfa.webauthn import forms as passkeys
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.fernet import InvalidToken
from django import forms
from django.core.exceptions import ValidationError

from accounts import audit, second_factor
from accounts.actor import Actor
from accounts.validators import validate_plain_text

LONGEST_NAME = 60
LONGEST_CREDENTIAL = 20_000
MOST_PASSKEYS = 20

# What a made-up credential breaks in, on its way through JSON, CBOR and the signature.
MALFORMED = (
    ArithmeticError,
    AttributeError,
    InvalidSignature,
    LookupError,
    RuntimeError,
    TypeError,
    UnsupportedAlgorithm,
    ValueError,
    struct.error,
)
UNKNOWN_PASSKEY = "This passkey was not accepted. Try again, or use another way."


class OneTimeCode(forms.CharField):
    widget = forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"})


class SetUpAppForm(app.ActivateTOTPForm):
    code = OneTimeCode(label="Code from the app", max_length=20, help_text="Six digits, a new one every 30 seconds.")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        """The secret waits in the session for its first code, encrypted there too."""
        super(app.ActivateTOTPForm, self).__init__(*args, **kwargs)
        self.user = user
        session = context.request.session
        if not self.is_bound or SECRET_SESSION_KEY not in session:
            session[SECRET_SESSION_KEY] = encrypt(generate_totp_secret())
        try:
            self.secret = decrypt(session[SECRET_SESSION_KEY])
        except InvalidToken:
            self.secret = generate_totp_secret()
            session[SECRET_SESSION_KEY] = encrypt(self.secret)

    @property
    def secret_in_groups(self) -> str:
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))


class CodeForm(codes.AuthenticateForm):
    code = OneTimeCode(label="Code", max_length=40, help_text="From your app, or one of your recovery codes.")

    def clean_code(self) -> str:
        """Counted against the limit before it is looked at, and used up by being right."""
        lift_limit = check_rate_limit(self.user)
        factor = second_factor.prove(self.user, self.cleaned_data["code"])
        if factor is None:
            self._emit_authentication_failed(Authenticator(user=self.user))
            raise get_adapter().validation_error("incorrect_code")
        self.authenticator = factor
        lift_limit()
        return self.cleaned_data["code"]


class ConfirmByCodeForm(CodeForm, codes.ReauthenticateForm):
    pass


class CredentialField(forms.JSONField):
    """What the browser's authenticator answered. Stored as JSON, where PostgreSQL takes no NUL."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and (len(value) > LONGEST_CREDENTIAL or "\\u0000" in value):
            raise ValidationError(UNKNOWN_PASSKEY)
        try:
            credential = super().to_python(value)
        except RecursionError:
            raise ValidationError(UNKNOWN_PASSKEY) from None
        if credential is not None and not isinstance(credential, dict):
            raise ValidationError(UNKNOWN_PASSKEY)
        return credential


class Checked(forms.Form):
    """Mixed in before a form that proves a passkey: whatever is wrong with the credential is one error."""

    credential = CredentialField(error_messages={"required": UNKNOWN_PASSKEY, "invalid": UNKNOWN_PASSKEY})

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except MALFORMED:
            raise ValidationError(UNKNOWN_PASSKEY) from None


class PasskeyForm(Checked, passkeys.AuthenticateWebAuthnForm):
    pass


class PasskeySignInForm(Checked, passkeys.LoginWebAuthnForm):
    pass


class ConfirmByPasskeyForm(Checked, passkeys.ReauthenticateWebAuthnForm):
    pass


class PasskeyName(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label="Name",
            max_length=LONGEST_NAME,
            validators=[validate_plain_text],
            help_text="So that you know it again, such as Work laptop or Blue key.",
            **kwargs,
        )


class AddPasskeyForm(passkeys.AddWebAuthnForm):
    name = PasskeyName(required=False)
    passwordless = forms.BooleanField(
        label="Sign in with it alone",
        required=False,
        initial=True,
        help_text="Your device then asks for your finger, your face or its PIN. Otherwise it comes after the password.",
    )
    credential = CredentialField(error_messages={"required": UNKNOWN_PASSKEY, "invalid": UNKNOWN_PASSKEY})

    def clean(self) -> dict[str, Any]:
        if Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN).count() >= MOST_PASSKEYS:
            raise ValidationError(f"You have {MOST_PASSKEYS} passkeys, the most there can be. Remove one first.")
        try:
            return super().clean()
        except MALFORMED:
            raise ValidationError(UNKNOWN_PASSKEY) from None


class RenamePasskeyForm(passkeys.EditWebAuthnForm):
    name = PasskeyName()

    def save(self) -> Authenticator:
        former = self.instance.wrap().name
        factor = super().save()
        actor = Actor.of(context.request)
        names = {"factor": self.cleaned_data["name"], "former_name": former}
        audit.record_about_person("account.passkey_renamed", self.instance.user, actor=actor, **names)
        return factor
