"""What every form of a named token asks: name, permissions, networks, the sign-out switch."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.validators import validate_plain_text
from tokens import scopes
from tokens.forms.ranges import RangesField
from tokens.lifecycle import ActRefused

NAME_HELP = "The program or machine that will use it. Only people see this name."
LEVELS = [("none", "No access"), (scopes.READ, "Read"), (scopes.WRITE, "Read and write")]
PRESETS = [(scopes.READ, "Read only"), (scopes.WRITE, "Read and write"), ("custom", "Custom")]


class PermissionsMixin(forms.Form):
    """Name, one choice of level for each resource, a preset over all of them, networks, and the sign-out switch."""

    name = forms.CharField(
        max_length=60,
        help_text=NAME_HELP,
        validators=[validate_plain_text],
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    preset = forms.ChoiceField(choices=PRESETS, required=False, initial="custom", widget=forms.RadioSelect)
    ranges = RangesField(help_text="One address or range a line. Left empty, any address may use the token.")
    revoke_on_sign_out = forms.BooleanField(
        label="Revoke when I sign out",
        required=False,
        help_text="For a token that you need this afternoon and never again.",
    )

    def add_permission_fields(self, held: frozenset[str]) -> None:
        for resource in scopes.resources():
            level = next((level for level in (scopes.WRITE, scopes.READ) if f"{resource.name}:{level}" in held), "none")
            self.fields[f"scope_{resource.name}"] = forms.ChoiceField(
                choices=LEVELS, required=False, initial=level, widget=forms.RadioSelect
            )

    @property
    def matrix(self) -> list[dict[str, Any]]:
        """One row a resource: `resource`, `field`, and the chosen level."""
        rows = []
        for resource in scopes.resources():
            field = self[f"scope_{resource.name}"]
            rows.append({"resource": resource, "field": field, "level": field.value() or "none", "levels": LEVELS})
        return rows

    def chosen_scope(self) -> list[str]:
        """A preset stands for every resource; without JavaScript it arrives with an untouched table."""
        preset = self.cleaned_data.get("preset")
        chosen = []
        for resource in scopes.resources():
            level = self.cleaned_data.get(f"scope_{resource.name}") or "none"
            if preset in {scopes.READ, scopes.WRITE}:
                level = preset
            if level != "none":
                chosen.append(f"{resource.name}:{level}")
        return chosen

    def check_permissions(self) -> None:
        if not self.chosen_scope():
            self.add_error(None, ValidationError("Choose at least one permission.", code="permissions"))

    def refuse(self, refused: ActRefused) -> None:
        """Show why the domain said no, at the field it is about."""
        field = refused.field if refused.field in self.fields else None
        self.add_error(field, ValidationError(str(refused), code=refused.field or "refused"))

    @property
    def permission_errors(self) -> list[str]:
        errors = self.non_field_errors().as_data()
        return [message for error in errors if error.code == "permissions" for message in error.messages]

    @property
    def other_errors(self) -> list[str]:
        errors = self.non_field_errors().as_data()
        return [message for error in errors if error.code != "permissions" for message in error.messages]

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Anchor and label of each part that needs another look, in the order of the page."""
        parts = {
            "name": "Name",
            "license": "License",
            "expires_on": "Expiry date",
            "ranges": "Allowed IP ranges",
        }
        faults = [(f"id_{name}", label) for name, label in parts.items() if name in self.errors]
        if self.permission_errors:
            faults.append(("permissions", "Permissions"))
        return faults
