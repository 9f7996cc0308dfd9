"""Invite member, Create service account, and what an administrator changes on a license."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import invitations, seats, service_accounts
from accounts.actor import Actor
from accounts.models import MOST_HOOKS, Invitation, License, Organization, Role
from accounts.models.license import default_allowance
from accounts.seats import SeatRefused
from accounts.validators import validate_plain_text
from tokens.forms.expiry import end_of_day, fault_of_day


class SeatForm(forms.Form):
    """What is common: a domain that refuses says so at the field it means, and nothing typed is lost."""

    def refuse(self, refused: SeatRefused) -> None:
        self.add_error(refused.field if refused.field in self.fields else None, str(refused))


class LicenseTerms(SeatForm):
    name = forms.CharField(
        label="License",
        max_length=60,
        validators=[validate_plain_text],
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label="Role",
        choices=Role.choices,
        initial=Role.MEMBER,
        help_text="An administrator sees and governs every token and member of the organization.",
        widget=forms.Select({"data-fit": ""}),
    )
    allowance = forms.IntegerField(
        label="Hooks",
        min_value=0,
        max_value=MOST_HOOKS,
        initial=default_allowance,
        help_text="How many tokens may hang on the license at a time.",
        widget=forms.NumberInput({"data-fit": ""}),
    )
    valid_until = forms.DateField(
        label="Valid until",
        required=False,
        help_text="The last day on which it works. Empty for no end.",
        widget=forms.DateInput({"type": "date", "data-fit": ""}, format="%Y-%m-%d"),
    )

    def clean_valid_until(self) -> dt.datetime | None:
        date = self.cleaned_data["valid_until"]
        if date is None:
            return None
        if date < timezone.localdate():
            raise ValidationError("This day has passed. Choose a later one, or deactivate the license instead.")
        if fault := fault_of_day(date):
            raise ValidationError(fault.replace("Or choose Never.", "Or leave it empty."))
        return end_of_day(date)


class LicenseForm(LicenseTerms):
    """The role of a service account is not asked, and fewer hooks than hang stop nothing."""

    def __init__(self, *args: Any, actor: Actor, license: License, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.license = license
        self.initial = {"name": license.name, "role": license.role, "allowance": license.allowance}
        if license.valid_until:
            self.initial["valid_until"] = timezone.localtime(license.valid_until).date()
        if license.user.is_service_account:
            del self.fields["role"]
        elif license.user == actor.user:
            self.fields["role"].disabled = True
            self.fields["role"].help_text = "Your own role is changed by another administrator."

    def clean_valid_until(self) -> dt.datetime | None:
        """A day that was not touched leaves the hour alone, and may lie in the past."""
        if self.cleaned_data["valid_until"] == self.initial.get("valid_until"):
            return self.license.valid_until
        return super().clean_valid_until()

    def save(self) -> License | None:
        try:
            return seats.edit_license(self.license, actor=self.actor, **self.cleaned_data)
        except SeatRefused as refused:
            self.refuse(refused)
            return None


class InviteForm(LicenseTerms):
    email = forms.EmailField(label="E-mail address", max_length=254, widget=forms.EmailInput({"autocomplete": "off"}))

    field_order = ["email", "role", "name", "allowance", "valid_until"]

    def __init__(self, *args: Any, actor: Actor, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.organization = organization
        self.fields["email"].error_messages["invalid"] = "This is not an e-mail address. Write it like ada@example.org."

    def save(self) -> Invitation | None:
        data = self.cleaned_data
        try:
            return invitations.invite(
                actor=self.actor,
                organization=self.organization,
                email=data["email"],
                role=data["role"],
                license_name=data["name"],
                allowance=data["allowance"],
                valid_until=data["valid_until"],
            )
        except SeatRefused as refused:
            self.refuse(refused)
            return None


class ServiceAccountForm(SeatForm):
    name = forms.CharField(
        label="Name",
        max_length=100,
        validators=[validate_plain_text],
        help_text="What it works for, such as Nightly export.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, actor: Actor, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.organization = organization

    def save(self) -> License | None:
        name = self.cleaned_data["name"]
        try:
            return service_accounts.create(organization=self.organization, name=name, actor=self.actor)
        except SeatRefused as refused:
            self.refuse(refused)
            return None
