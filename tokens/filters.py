"""What can be searched and filtered in the lists of an organization. Words that make no sense are left out."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.http import QueryDict

from accounts.models import License, Organization, Role
from accounts.models.license import LicenseQuerySet
from config.keyset import Order
from tokens import scopes
from tokens.attention import RULES, RULES_BY_NAME
from tokens.models import State, Token, TokenQuerySet

LONGEST_SEARCH = 100
ORDERS = {
    "": Order(),
    "name": Order("name", is_descending=False),
    "used": Order("last_used_at"),
    "expiry": Order("expires_at", is_descending=False),
}


class Filter(forms.Form):
    q = forms.CharField(required=False, max_length=LONGEST_SEARCH)

    def value(self, name: str) -> Any:
        return self.cleaned_data.get(name, "") if self.is_valid() or name in self.cleaned_data else ""

    @property
    def is_active(self) -> bool:
        return any(self.value(name) for name in self.fields)


class TokenFilter(Filter):
    """The inventory of one organization, cut and sorted. Asked of one table wherever that is possible."""

    state = forms.ChoiceField(required=False, choices=[("", "Any state"), *State.choices])
    sort = forms.ChoiceField(
        required=False,
        choices=[("", "Newest first"), ("name", "By name"), ("used", "Last used"), ("expiry", "Expiring soonest")],
    )
    age = forms.ChoiceField(
        label="Created",
        required=False,
        choices=[
            ("", "At any time"),
            ("7", "In the last 7 days"),
            ("30", "In the last 30 days"),
            ("over-90", "More than 90 days ago"),
            ("over-365", "More than a year ago"),
        ],
    )
    used = forms.ChoiceField(
        label="Last use",
        required=False,
        choices=[
            ("", "At any time"),
            ("30", "Not in 30 days"),
            ("90", "Not in 90 days"),
            ("never", "Never"),
        ],
    )
    scope = forms.ChoiceField(label="Permission", required=False)
    needs = forms.ChoiceField(
        label="Needs attention",
        required=False,
        choices=[("", "For any reason or none"), *((rule.name, rule.label) for rule in RULES)],
    )
    license: "forms.ModelChoiceField[License]" = forms.ModelChoiceField(
        queryset=License.objects.none(), required=False, widget=forms.HiddenInput
    )

    DETAILS = ("age", "used", "scope", "needs")

    def __init__(self, data: QueryDict | dict[str, str], *, organization: Organization) -> None:
        super().__init__(data)
        self.organization = organization
        licenses = License.objects.filter(organization=organization).select_related("user")
        self.fields["license"].queryset = licenses  # type: ignore[attr-defined]
        self.fields["scope"].choices = [("", "Any permission"), *scope_choices()]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> dict[str, str]:
        """What narrows the list, as it stands in an address."""
        chosen = {name: self.value(name) for name in self.fields if name not in {"sort", "license"}}
        if self.holder:
            chosen["license"] = str(self.holder.pk)
        return {name: value for name, value in chosen.items() if value}

    @property
    def is_active(self) -> bool:
        return bool(self.chosen)

    @property
    def has_details(self) -> bool:
        return any(self.value(name) for name in self.DETAILS)

    @property
    def holder(self) -> License | None:
        self.is_valid()
        return self.cleaned_data.get("license")

    @property
    def order(self) -> Order:
        return ORDERS[self.value("sort")]

    @property
    def details(self) -> list[forms.BoundField]:
        return [self[name] for name in self.DETAILS]

    def in_words(self) -> list[str]:
        """Each choice as a person would say it."""
        said = [f"matches “{self.value('q')}”"] if self.value("q") else []
        for name in ("state", *self.DETAILS):
            if value := self.value(name):
                field: Any = self.fields[name]
                said.append(f"{field.label or name.capitalize()}: {dict(field.choices)[value]}")
        return [*said, f"License: {self.holder.name} of {self.holder.user.display_name}"] if self.holder else said

    def apply(self, now: datetime, *, in_passing: bool = False) -> TokenQuerySet:
        tokens = Token.objects.of_organization(self.organization)
        if words := self.value("q"):
            tokens = tokens.matching(words, self.organization, in_passing=in_passing)
        if state := self.value("state"):
            tokens = tokens.in_state(state, now, are_named=True)
        if self.holder:
            tokens = tokens.filter(license=self.holder)
        if scope := self.value("scope"):
            tokens = holding(tokens, scope)
        if rule := RULES_BY_NAME.get(self.value("needs")):
            tokens = rule.choose(tokens, now)
        return last_used(created(tokens, self.value("age"), now), self.value("used"), now)


def scope_choices() -> list[tuple[str, str]]:
    levels = {scopes.READ: "read", scopes.WRITE: "write"}
    return [
        (f"{resource.name}:{level}", f"May {word} {resource.label}")
        for resource in scopes.resources()
        for level, word in levels.items()
    ]


def holding(tokens: TokenQuerySet, scope: str) -> TokenQuerySet:
    """Those that hold at least the scope: write includes read."""
    resource, _, level = scope.partition(":")
    enough = {f"{resource}:{scopes.WRITE}", f"{resource}:{level}"}
    words = Q()
    for each in sorted(enough):
        words |= Q(padded__contains=f" {each} ")
    return tokens.alias(padded=Concat(Value(" "), "scope", Value(" "))).filter(words)


def created(tokens: TokenQuerySet, age: str, now: datetime) -> TokenQuerySet:
    if not age:
        return tokens
    since = now - timedelta(days=int(age.removeprefix("over-")))
    return tokens.filter(created_at__lt=since) if age.startswith("over-") else tokens.filter(created_at__gte=since)


def last_used(tokens: TokenQuerySet, used: str, now: datetime) -> TokenQuerySet:
    if used == "never":
        return tokens.filter(last_used_at=None)
    if not used:
        return tokens
    since = now - timedelta(days=int(used))
    return tokens.filter(Q(last_used_at=None, created_at__lt=since) | Q(last_used_at__lt=since))


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
