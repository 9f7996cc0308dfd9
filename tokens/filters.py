"""What can be searched and filtered in the lists of an organization. Words that make no sense are left out."""

from datetime import datetime, timedelta

from django import forms
from django.db.models import Q

from accounts.models import Role
from accounts.models.license import LicenseQuerySet
from tokens.models import State, TokenQuerySet

LONGEST_SEARCH = 100


class Filter(forms.Form):
    q = forms.CharField(required=False, max_length=LONGEST_SEARCH)

    def value(self, name: str) -> str:
        return self.cleaned_data.get(name, "") if self.is_valid() or name in self.cleaned_data else ""

    @property
    def is_active(self) -> bool:
        return any(self.value(name) for name in self.fields)


class TokenFilter(Filter):
    state = forms.ChoiceField(required=False, choices=[("", "Any state"), *State.choices])
    used = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Used at any time"),
            ("30", "Not used in 30 days"),
            ("90", "Not used in 90 days"),
            ("never", "Never used"),
        ],
    )

    def apply(self, tokens: TokenQuerySet, now: datetime) -> TokenQuerySet:
        if words := self.value("q"):
            tokens = tokens.matching(words)
        if state := self.value("state"):
            tokens = tokens.in_state(state, now)
        if self.value("used") == "never":
            tokens = tokens.filter(last_used_at=None)
        elif days := self.value("used"):
            since = now - timedelta(days=int(days))
            tokens = tokens.filter(Q(last_used_at=None, created_at__lt=since) | Q(last_used_at__lt=since))
        return tokens


class MemberFilter(Filter):
    role = forms.ChoiceField(required=False, choices=[("", "Any role"), *Role.choices])
    kind = forms.ChoiceField(
        required=False, choices=[("", "Any kind"), ("person", "People"), ("service", "Service accounts")]
    )
    status = forms.ChoiceField(
        required=False,
        choices=[("", "Any status"), ("active", "Active"), ("deactivated", "Deactivated"), ("former", "Former")],
    )

    def apply(self, licenses: LicenseQuerySet) -> LicenseQuerySet:
        """Former members are shown to whoever asks for them, and to nobody else."""
        status = self.value("status")
        licenses = licenses.filter(withdrawn_at__isnull=status != "former")
        if words := self.value("q"):
            licenses = licenses.matching(words)
        if role := self.value("role"):
            licenses = licenses.filter(role=role)
        if kind := self.value("kind"):
            licenses = licenses.filter(user__is_service_account=kind == "service")
        if status in {"active", "deactivated"}:
            licenses = licenses.filter(deactivated_at__isnull=status == "active")
        return licenses
