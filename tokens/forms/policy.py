"""Policy: the rules of an organization for every token on its licenses."""

import datetime as dt
import hashlib
import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder

from accounts.actor import Actor
from accounts.models import Organization
from tokens import lifecycle, scopes
from tokens.forms.ranges import RangesField
from tokens.lifecycle import ActRefused, Effect
from tokens.models import Policy

GRANTS = [("none", "Nothing"), (scopes.READ, "Read"), (scopes.WRITE, "Read and write")]
LONGEST_LIFETIME_DAYS = 3650
LONGEST_IDLE_DAYS = 365
DAYS_INPUT = {"data-fit": "", "data-number": "", "inputmode": "numeric"}


def faults(most: int) -> dict[str, str]:
    said = f"A number of days from 0 to {most}."
    return dict.fromkeys(("invalid", "min_value", "max_value"), said)


class PolicyForm(forms.Form):
    lifetime_days = forms.IntegerField(
        label="Maximum lifetime",
        required=False,
        min_value=0,
        max_value=LONGEST_LIFETIME_DAYS,
        error_messages=faults(LONGEST_LIFETIME_DAYS),
        help_text="Longest time between creation and expiry. Tokens that live longer are blocked until their expiry "
        "date comes nearer. 0 turns this off.",
        widget=forms.NumberInput(DAYS_INPUT),
    )
    requires_expiry = forms.BooleanField(
        label="Require expiry",
        required=False,
        help_text="Tokens without an expiry date are blocked until they get one.",
    )
    ranges = RangesField(
        help_text="One address or range a line. Calls from elsewhere are refused, whatever the token allows. "
        "Left empty, any address is allowed."
    )
    revokes_on_sign_out = forms.BooleanField(
        label="Revoke on sign-out",
        required=False,
        help_text="Signing out revokes every token made in that session. Otherwise each person chooses.",
    )
    requires_second_factor = forms.BooleanField(
        label="Require two-factor",
        required=False,
        help_text="Tokens of members without a second factor are blocked until they set one up.",
    )
    idle_days = forms.IntegerField(
        label="Idle days before block",
        required=False,
        min_value=0,
        max_value=LONGEST_IDLE_DAYS,
        error_messages=faults(LONGEST_IDLE_DAYS),
        help_text="A token not used for this long is blocked. Its holder can resume it. 0 turns this off.",
        widget=forms.NumberInput(DAYS_INPUT),
    )
    requires_approval = forms.BooleanField(
        label="Approve new tokens",
        required=False,
        help_text="A token that a member makes, or widens, waits for an administrator. Until then it can only read "
        "whom it stands for.",
    )
    previewed = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.organization = organization
        self.policy = lifecycle.policy_of(organization)
        self.initial = initial_of(self.policy)
        for resource in scopes.resources():
            self.fields[f"grant_{resource.name}"] = forms.ChoiceField(
                label=resource.label, choices=GRANTS, initial=granted(self.policy, resource.name)
            )

    @property
    def grants(self) -> list[dict[str, Any]]:
        return [{"resource": resource, "field": self[f"grant_{resource.name}"]} for resource in scopes.resources()]

    def clean_requires_second_factor(self) -> bool:
        """Said before the preview, which would say that every token is blocked."""
        is_wanted = self.cleaned_data["requires_second_factor"]
        try:
            if is_wanted:
                lifecycle.check_own_second_factor(self.actor, self.policy)
        except ActRefused as refused:
            raise ValidationError(str(refused)) from None
        return is_wanted

    @property
    def rules(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "lifetime": days(data["lifetime_days"]),
            "requires_expiry": data["requires_expiry"],
            "allowed_networks": data["ranges"],
            "revokes_on_sign_out": data["revokes_on_sign_out"],
            "requires_second_factor": data["requires_second_factor"],
            "idle_after": days(data["idle_days"]),
            "withheld_scope": scopes.join(self.withheld()),
            "requires_approval": data["requires_approval"],
        }

    def withheld(self) -> list[str]:
        """What a member may not grant: the lowest permission that is withheld stands for those above it."""
        lowest = {"none": scopes.READ, scopes.READ: scopes.WRITE}
        chosen = {resource.name: self.cleaned_data[f"grant_{resource.name}"] for resource in scopes.resources()}
        return [f"{name}:{lowest[level]}" for name, level in chosen.items() if level in lowest]

    def effect(self) -> Effect:
        return lifecycle.effect_of(organization=self.organization, **self.rules)

    def fingerprint(self, effect: Effect) -> str:
        """Of what was shown: a preview holds for the same rules with the same effect."""
        shown = json.dumps([self.rules, effect.blocked, effect.elsewhere, effect.narrowed], cls=DjangoJSONEncoder)
        return hashlib.sha256(shown.encode()).hexdigest()

    def save(self) -> Policy:
        return lifecycle.change_policy(actor=self.actor, organization=self.organization, **self.rules)


def days(number: int | None) -> dt.timedelta | None:
    return dt.timedelta(days=number) if number else None


def initial_of(policy: Policy) -> dict[str, Any]:
    return {
        "lifetime_days": policy.lifetime_days or 0,
        "requires_expiry": policy.requires_expiry,
        "ranges": "\n".join(policy.allowed_networks),
        "revokes_on_sign_out": policy.revokes_on_sign_out,
        "requires_second_factor": policy.requires_second_factor,
        "idle_days": policy.idle_days or 0,
        "requires_approval": policy.requires_approval,
    }


def granted(policy: Policy, resource: str) -> str:
    """The highest level that members may grant of a resource."""
    for level in (scopes.WRITE, scopes.READ):
        if not scopes.is_withheld(f"{resource}:{level}", policy.withheld):
            return level
    return "none"
