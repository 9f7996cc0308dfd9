"""django-allauth's forms in our words: a label above each field and nothing written inside it. See ACCOUNT_FORMS."""

from typing import Any

from allauth.account import forms as stock
from allauth.core import context
from django import forms

from accounts.invited import invited
from accounts.models import User

NEW_PASSWORD_HELP = "At least 10 characters, not a common password and not like your name or address."


class Worded(forms.Form):
    """Mixed in before a form of django-allauth's. A subclass adds to `labels` what it calls otherwise."""

    labels: dict[str, str] = {}
    common_labels = {
        "login": "E-mail address",
        "email": "E-mail address",
        "password": "Password",
        "oldpassword": "Current password",
        "password1": "New password",
        "password2": "New password, once more",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = self.common_labels | self.labels
        for name, field in self.fields.items():
            field.label = labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field, forms.EmailField):
                field.error_messages["invalid"] = "This is not an e-mail address. Write it like ada@example.org."
        if "password1" in self.fields:
            self.fields["password1"].help_text = NEW_PASSWORD_HELP
        if "password2" in self.fields:
            self.fields["password2"].help_text = ""


class SignInForm(Worded, stock.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class SignUpForm(Worded, stock.SignupForm):
    """Who comes from an invitation signs up with the invited address and no other."""

    labels = {"password1": "Password"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if invitation := invited(context.request):
            self.initial["email"] = invitation.email
            self.fields["email"].disabled = True
            self.fields["email"].help_text = "The address that was invited. The letter has confirmed it."


class AddEmailForm(Worded, stock.AddEmailForm):
    labels = {"email": "New e-mail address"}


class ChangePasswordForm(Worded, stock.ChangePasswordForm):
    pass


class SetPasswordForm(Worded, stock.SetPasswordForm):
    pass


class ResetPasswordForm(Worded, stock.ResetPasswordForm):
    def clean_email(self) -> str:
        """The address of a service account is treated as one that nobody has."""
        email: str = super().clean_email()
        self.users: list[User] = [user for user in self.users if not user.is_service_account]
        return email


class ResetPasswordKeyForm(Worded, stock.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(Worded, stock.ReauthenticateForm):
    pass
