"""Forms of the account itself."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import HttpRequest

from accounts import closing
from accounts.actor import Actor
from accounts.models import User
from accounts.validators import validate_plain_text


class SignUpForm(forms.Form):
    """What django-allauth's sign-up form asks besides e-mail address and password."""

    name = forms.CharField(
        label="Name",
        max_length=100,
        validators=[validate_plain_text],
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    field_order = ["name", "email", "password1"]

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        choices=lambda: [
            ("", "As the server"),
            *((name, name.replace("_", " ")) for name in sorted(available_timezones())),
        ],
        help_text="Dates and times are shown, and tokens expire, by the clock of this place.",
    )

    class Meta:
        model = User
        fields = ["name", "time_zone", "wants_alerts"]
        labels = {"name": "Name", "wants_alerts": "Letters about new networks"}
        help_texts = {"name": "Shown to administrators of your organizations and in the audit log."}
        widgets = {"name": forms.TextInput({"autocomplete": "name"})}


class ClosingForm(forms.Form):
    """Close my account: the address is typed, so that nobody goes in passing."""

    confirmation = forms.CharField(
        label="Type your e-mail address to confirm",
        max_length=254,
        error_messages={"required": "Type the address of your account."},
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["confirmation"].help_text = f"It is {person.email}."

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"].lower()
        if typed != self.person.email:
            raise forms.ValidationError("This is not the address of your account.")
        return typed

    def save(self, *, actor: Actor) -> None:
        closing.close(self.person, actor=actor)
