"""What can be searched and filtered in the lists of an organization. Words that make no sense are left out."""

import functools
import operator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict

from accounts.models import License, Organization, Role, User
from config import keyset
from config.choice import Choice, Found, Range, along
from config.keyset import Order
from tokens import attention, scopes
from tokens.attention import RULES, RULES_BY_NAME
from tokens.models import State, Token, TokenQuerySet, by_state, search

LONGEST_SEARCH = 100
ORDERS = {
    "": Order("created_at", within="organization_id"),
    "name": Order("name", is_descending=False, within="organization_id"),
    "used": Order("last_used_at", within="organization_id"),
    "expiry": Order("expires_at", is_descending=False, within="organization_id"),
}
# What has expired is old: newest first, all that works would stand before it.
LATELY_EXPIRED = Order("expires_at", within="organization_id")


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
        if self.order is LATELY_EXPIRED:
            (_, *others) = self.fields["sort"].choices  # type: ignore[attr-defined]
            self.fields["sort"].choices = [("", "Lately expired first"), *others]  # type: ignore[attr-defined]

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
        is_expired = self.value("state") == State.EXPIRED and not self.value("sort")
        return LATELY_EXPIRED if is_expired else ORDERS[self.value("sort")]

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

    def apply(self, now: datetime) -> Found:
        """Of many that are revoked, the newest are read along the index of all that was ever stopped."""
        found = self.choice(now).out_of(Token.objects.of_organization(self.organization))
        if found.asked and self.value("state") == State.REVOKED and not self.value("sort"):
            return replace(found, rows=found.rows.filter(by_state.STOPPED))
        return found

    def in_passing(self, now: datetime) -> TokenQuerySet:
        """For whoever walks through all of them by their keys, and would gather again and again."""
        return self.choice(now).in_passing(Token.objects.of_organization(self.organization))

    def choice(self, now: datetime) -> Choice:
        """What is likely to choose the fewest stands first."""
        choices = [
            search.of_tokens(self.value("q"), self.organization),
            Choice([Range("token_license", Q(license=self.holder))]) if self.holder else Choice(),
            rule.choice(now, self.organization) if (rule := RULES_BY_NAME.get(self.value("needs"))) else Choice(),
            by_state.choice(state, now, organization=self.organization) if (state := self.value("state")) else Choice(),
            last_used(self.value("used"), now),
            created(self.value("age"), now),
            holding(self.value("scope"), self.organization),
        ]
        return functools.reduce(operator.and_, choices)


def scope_choices() -> list[tuple[str, str]]:
    levels = {scopes.READ: "read", scopes.WRITE: "write"}
    return [
        (f"{resource.name}:{level}", f"May {word} {resource.label}")
        for resource in scopes.resources()
        for level, word in levels.items()
    ]


def holding(scope: str, organization: Organization) -> Choice:
    """Those that hold at least the scope. Many tokens hold the same few sets of them."""
    if not scope:
        return Choice()
    enough = scopes.enough(Token.objects.scopes_of(organization), scope)
    return Choice([Range("token_scope", Q(scope__in=enough))])


def created(age: str, now: datetime) -> Choice:
    if not age:
        return Choice()
    since = now - timedelta(days=int(age.removeprefix("over-")))
    condition = Q(created_at__lt=since) if age.startswith("over-") else Q(created_at__gte=since)
    return Choice([Range("token_created", condition)])


def last_used(used: str, now: datetime) -> Choice:
    if used == "never":
        return Choice([attention.used(last_used_at=None)])
    if not used:
        return Choice()
    since = now - timedelta(days=int(used))
    return Choice(
        [
            attention.used(last_used_at=None, created_at__lt=since),
            attention.used(last_used_at__lt=since, created_at__lt=since),
        ]
    )


class MemberFilter(Filter):
    role = forms.ChoiceField(required=False, choices=[("", "Any role"), *Role.choices])
    kind = forms.ChoiceField(
        required=False, choices=[("", "Any kind"), ("person", "People"), ("service", "Service accounts")]
    )
    status = forms.ChoiceField(
        required=False,
        choices=[("", "Any status"), ("active", "Active"), ("deactivated", "Deactivated"), ("former", "Former")],
    )

    def apply(self, organization: Organization) -> Found:
        """Of many, the status is not asked for in passing: each has an index of its own, in the order of the list."""
        licenses = License.objects.of_organization(organization)
        found = self.choice(organization).out_of(licenses)
        if not found.asked:
            return found
        status = STATUSES[self.value("status")]
        return replace(found, rows=licenses.filter(status.condition))

    def choice(self, organization: Organization) -> Choice:
        role, kind = self.value("role"), self.value("kind")
        choices = [
            search.of_licenses(self.value("q"), organization),
            Choice([Range("license_role", Q(role=role))]) if role else Choice(),
            of_kind(kind) if kind else Choice(),
            Choice([STATUSES[self.value("status")]]),
        ]
        return functools.reduce(operator.and_, choices)


def of_kind(kind: str) -> Choice:
    """Service accounts are few beside people."""
    accounts = along("user_service_account", User.objects.filter(is_service_account=True))
    if kind == "service":
        return Choice([Range("license_person", Q(user__in=accounts.values("pk")))])
    return Choice(terms=~Q(user__in=accounts.values("pk")))


# Former members are shown to whoever asks for them, and to nobody else.
STATUSES = {
    "": Range("license_kept", Q(withdrawn_at=None)),
    "active": Range("license_taken", Q(deactivated_at=None)),
    "deactivated": Range("license_deactivated", Q(deactivated_at__isnull=False, withdrawn_at=None)),
    "former": Range("license_withdrawn", Q(withdrawn_at__isnull=False)),
}


def order_of(members: Found) -> Order:
    """By name, as long as they can be put in order at once; else newest first."""
    is_few = members.count is not None and members.count <= keyset.COUNTED_AT_MOST
    return Order("user__name", is_descending=False) if is_few else Order(within="organization_id")
