"""What people type about tokens. A form takes actor and license, never a request; saving is one call into lifecycle."""

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import License, User
from accounts.validators import validate_plain_text
from tokens import lifecycle, networks, scopes
from tokens.lifecycle import ActRefused, Issued
from tokens.models import Token

NAME_HELP = "The program or machine that will use it. Only people see this name."
EXPIRY_CHOICES = [
    ("7", "7 days"),
    ("30", "30 days"),
    ("60", "60 days"),
    ("90", "90 days"),
    ("365", "1 year"),
    ("custom", "Custom"),
    ("never", "Never"),
]
LEVELS = [("none", "No access"), (scopes.READ, "Read"), (scopes.WRITE, "Read and write")]
PRESETS = [(scopes.READ, "Read only"), (scopes.WRITE, "Read and write"), ("custom", "Custom")]
LATEST_EXPIRY_YEARS = 10
OVERLAPS = {
    "0": dt.timedelta(0),
    "1h": dt.timedelta(hours=1),
    "24h": dt.timedelta(hours=24),
    "7d": dt.timedelta(days=7),
}
ORGANIZATION_TOKEN_DAYS = 90


def end_of_day(date: dt.date) -> dt.datetime:
    """The last second of that day where the reader is: an expiry date is the last day on which a token works.

    Counted back from the next midnight, because 23:59:59 comes twice, or not at all, where clocks change then.
    """
    midnight = timezone.make_aware(dt.datetime.combine(date + dt.timedelta(days=1), dt.time()))
    return midnight.astimezone(dt.UTC) - dt.timedelta(seconds=1)


def fault_of_day(date: dt.date) -> str:
    """Why a token cannot end on that day; "" where it can."""
    today = timezone.localdate()
    if date < today:
        return "This day has passed. Choose today or a later day."
    if date.year > today.year + LATEST_EXPIRY_YEARS:
        return f"At most {LATEST_EXPIRY_YEARS} years. Or choose Never."
    return ""


class PermissionsMixin(forms.Form):
    """Name, one choice of level for each resource, a preset over all of them, networks, and the sign-out switch."""

    name = forms.CharField(
        max_length=60,
        help_text=NAME_HELP,
        validators=[validate_plain_text],
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    preset = forms.ChoiceField(choices=PRESETS, required=False, initial="custom", widget=forms.RadioSelect)
    ranges = forms.CharField(
        label="Allowed IP ranges",
        required=False,
        max_length=4000,
        help_text="One address or range a line. Left empty, any address may use the token.",
        widget=forms.Textarea({"rows": 3, "spellcheck": "false"}),
    )
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

    def clean_ranges(self) -> list[str]:
        try:
            return networks.parse_lines(self.cleaned_data["ranges"])
        except networks.NetworkError as error:
            raise ValidationError(str(error)) from None

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


class RotateForm(forms.Form):
    """How long the old token works beside its successor."""

    overlap = forms.ChoiceField(
        choices=[("0", "now"), ("1h", "in 1 hour"), ("24h", "in 24 hours"), ("7d", "in 7 days")],
        initial="24h",
        widget=forms.RadioSelect,
    )
    stops_on_use = forms.BooleanField(
        label="Or as soon as the new one is used",
        required=False,
        help_text="For a token that lives in one place only.",
    )
    request_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def save(self, *, actor: Actor, token: Token) -> Issued:
        data = self.cleaned_data
        return lifecycle.rotate(
            actor=actor,
            token=token,
            overlap=OVERLAPS[data["overlap"]],
            stops_on_use=data["stops_on_use"],
            request_key=data["request_key"],
        )


class OrganizationTokenForm(forms.Form):
    """Create API Token: a name is all that the dialog asks. Read only, for ninety days."""

    name = forms.CharField(
        label="Token Name",
        max_length=60,
        validators=[validate_plain_text],
        help_text=f"Read only, expires in {ORGANIZATION_TOKEN_DAYS} days. Permissions can be changed afterwards.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    request_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, license: License, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.license = license

    def save(self) -> Issued | None:
        try:
            return lifecycle.issue(
                actor=self.actor,
                license=self.license,
                name=self.cleaned_data["name"],
                scope=[f"{resource.name}:{scopes.READ}" for resource in scopes.resources()],
                expires_at=end_of_day(timezone.localdate() + dt.timedelta(days=ORGANIZATION_TOKEN_DAYS)),
                request_key=self.cleaned_data["request_key"],
            )
        except lifecycle.AlreadyDone:
            raise
        except ActRefused as refused:
            self.add_error("name", str(refused))
            return None


class AccountTokenForm(forms.Form):
    """Regenerate API token, Reset Token: a confirmation without fields, but for the number of the form."""

    request_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def save(self, *, actor: Actor, owner: User) -> Issued:
        key: UUID | None = self.cleaned_data["request_key"]
        return lifecycle.regenerate(actor=actor, owner=owner, request_key=key)
