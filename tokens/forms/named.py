"""Generate New Token, and Edit."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import License
from tokens import lifecycle
from tokens.forms.expiry import EXPIRY_CHOICES, end_of_day, fault_of_day
from tokens.forms.permissions import PermissionsMixin
from tokens.lifecycle import ActRefused, Issued
from tokens.models import Token


class TokenForm(PermissionsMixin):
    """Generate New Token."""

    license: "forms.ModelChoiceField[License]" = forms.ModelChoiceField(
        queryset=License.objects.none(), widget=forms.RadioSelect, empty_label=None
    )
    expiry = forms.ChoiceField(
        label="Expiry date", choices=EXPIRY_CHOICES, initial="60", widget=forms.RadioSelect, required=False
    )
    expires_on = forms.DateField(label="Expiry date", required=False, widget=forms.DateInput({"type": "date"}))
    request_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    field_order = ["name", "license", "expiry", "expires_on", "ranges", "revoke_on_sign_out"]

    def __init__(
        self,
        *args: Any,
        actor: Actor,
        licenses: QuerySet[License],
        held: frozenset[str] = frozenset(),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.fields["license"].queryset = licenses  # type: ignore[attr-defined]
        self.add_permission_fields(held or frozenset({"account:read"}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.check_permissions()
        if "expires_on" not in self.errors:
            self.read_expiry(cleaned)
        return cleaned

    def read_expiry(self, cleaned: dict[str, Any]) -> None:
        choice, date = cleaned.get("expiry") or "custom", cleaned.get("expires_on")
        if choice == "never":
            cleaned["expires_at"] = None
            return
        if choice != "custom":
            date = timezone.localdate() + dt.timedelta(days=int(choice))
        if date is None:
            self.add_error("expires_on", "Choose a date.")
        elif fault := fault_of_day(date):
            self.add_error("expires_on", fault)
        else:
            cleaned["expires_at"] = end_of_day(date)

    def save(self) -> Issued | None:
        """Issue the token; None where the domain refuses, which then stands in the form's errors."""
        data = self.cleaned_data
        try:
            return lifecycle.issue(
                actor=self.actor,
                license=data["license"],
                name=data["name"],
                scope=self.chosen_scope(),
                expires_at=data["expires_at"],
                allowed_networks=data["ranges"],
                revoke_on_sign_out=data["revoke_on_sign_out"],
                request_key=data["request_key"],
            )
        except lifecycle.AlreadyDone:
            raise
        except ActRefused as refused:
            self.refuse(refused)
            return None


class TokenEditForm(PermissionsMixin):
    """Edit: everything but the text and the license. The end may come nearer."""

    expires_on = forms.DateField(
        label="Expiry date",
        required=False,
        help_text="It can only come nearer. Rotating gives the token a new lifetime.",
        widget=forms.DateInput({"type": "date", "data-fit": ""}, format="%Y-%m-%d"),
    )

    field_order = ["name", "expires_on", "ranges", "revoke_on_sign_out"]

    def __init__(self, *args: Any, actor: Actor, token: Token, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {
            "name": token.name,
            "ranges": "\n".join(token.allowed_networks),
            "revoke_on_sign_out": token.revoke_on_sign_out,
        }
        if token.expires_at:
            self.initial["expires_on"] = timezone.localtime(token.expires_at).date()
        self.actor = actor
        self.token = token
        self.add_permission_fields(token.scopes)

    def clean_expires_on(self) -> dt.datetime | None:
        """A day that was not touched leaves the hour of the expiry alone."""
        date = self.cleaned_data["expires_on"]
        if date is None or date == self.initial.get("expires_on"):
            return None
        if fault := fault_of_day(date):
            raise ValidationError(fault)
        return end_of_day(date)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.check_permissions()
        return cleaned

    def save(self) -> Token | None:
        data = self.cleaned_data
        try:
            return lifecycle.edit(
                actor=self.actor,
                token=self.token,
                name=data["name"],
                scope=self.chosen_scope(),
                allowed_networks=data["ranges"],
                revoke_on_sign_out=data["revoke_on_sign_out"],
                expires_at=data["expires_on"],
            )
        except ActRefused as refused:
            self.refuse(refused)
            return None
