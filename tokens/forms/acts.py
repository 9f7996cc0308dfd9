"""Rotate, Create API Token, Regenerate API token: forms of one choice or none."""

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Case, When
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AuditEvent, License, Organization, User
from accounts.validators import validate_plain_text
from tokens import lifecycle, scopes
from tokens.bulk import Selection
from tokens.forms.expiry import end_of_day
from tokens.lifecycle import ActRefused, Issued
from tokens.models import Token

OVERLAPS = {
    "0": dt.timedelta(0),
    "1h": dt.timedelta(hours=1),
    "24h": dt.timedelta(hours=24),
    "7d": dt.timedelta(days=7),
}
ORGANIZATION_TOKEN_DAYS = 90


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


class ReasonForm(forms.Form):
    """Why somebody stops a token or lets it work again. Kept with the token and in the audit log."""

    reason = forms.CharField(min_length=3, max_length=200, validators=[validate_plain_text], required=False)

    def __init__(self, *args: Any, is_required: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = is_required
        self.fields["reason"].widget.is_required = is_required


class RevokeForm(ReasonForm):
    def save(self, *, actor: Actor, token: Token) -> Token:
        return lifecycle.revoke(actor=actor, token=token, reason=self.cleaned_data["reason"])


class ReapproveForm(ReasonForm):
    def save(self, *, actor: Actor, token: Token) -> Token:
        return lifecycle.reapprove(actor=actor, token=token, reason=self.cleaned_data["reason"])


class BulkRevokeForm(ReasonForm):
    """Revoking many: their number is typed, so that nobody revokes a thousand in passing."""

    confirmation = forms.CharField(
        required=False, max_length=20, widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"})
    )

    def __init__(self, *args: Any, count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = count
        if count > 1:
            self.fields["confirmation"].label = f"Type {count} to confirm"
        else:
            del self.fields["confirmation"]

    def clean_confirmation(self) -> str:
        typed = self.cleaned_data["confirmation"].replace(",", "")
        if typed != str(self.count):
            raise forms.ValidationError(f"Type {self.count}, the number of tokens that are revoked.")
        return typed

    def save(self, *, actor: Actor, organization: Organization, selection: Selection) -> AuditEvent:
        return lifecycle.begin_revoking(
            actor=actor,
            organization=organization,
            key=selection.key,
            chosen=selection.in_words(organization),
            count=self.count,
            reason=self.cleaned_data["reason"],
        )


class HolderField(forms.ModelChoiceField):
    own: License | None = None

    def label_from_instance(self, license: License) -> str:
        return "Yourself" if license == self.own else f"{license.user.display_name}, service account"


class OrganizationTokenForm(forms.Form):
    """Create API Token: a name is all that the dialog asks. Read only, for ninety days."""

    name = forms.CharField(
        label="Token Name",
        max_length=60,
        validators=[validate_plain_text],
        help_text=f"Read only, expires in {ORGANIZATION_TOKEN_DAYS} days. Permissions can be changed afterwards.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    license = HolderField(label="For", queryset=License.objects.none(), required=False, empty_label=None)
    request_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, organization: Organization, **kwargs: Any) -> None:
        """One's own license, and those of the organization's service accounts where it has any."""
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.organization = organization
        own = organization.licenses.filter(user=actor.user).select_related("user")
        self.own = own.get()
        offered = organization.licenses.in_force().filter(user__is_active=True).of_service_accounts()
        if keys := list(offered.values_list("pk", flat=True)):
            own_first = Case(When(user=actor.user, then=0), default=1)
            field: HolderField = self.fields["license"]  # type: ignore[assignment]
            either = License.objects.filter(pk__in=[self.own.pk, *keys])
            field.queryset = either.select_related("user").order_by(own_first, "user__name", "pk")
            field.own, self.initial["license"] = self.own, self.own.pk
        else:
            del self.fields["license"]

    @property
    def license_chosen(self) -> License:
        return self.cleaned_data.get("license") or self.own

    def save(self) -> Issued | None:
        longest = lifecycle.policy_of(self.organization).lifetime_days or ORGANIZATION_TOKEN_DAYS
        days = min(ORGANIZATION_TOKEN_DAYS, longest)
        try:
            return lifecycle.issue(
                actor=self.actor,
                license=self.license_chosen,
                name=self.cleaned_data["name"],
                scope=[f"{resource.name}:{scopes.READ}" for resource in scopes.resources()],
                expires_at=end_of_day(timezone.localdate() + dt.timedelta(days=days)),
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
