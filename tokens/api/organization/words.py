"""From what a program sends to the filters of the pages. A word that the pages leave out is refused here."""

from typing import TypeVar

from django.http import QueryDict

from accounts.models import Organization
from tokens.api.errors import Unprocessable
from tokens.api.organization.schemas import TokenWords
from tokens.filters import Filter, TokenFilter

AnyFilter = TypeVar("AnyFilter", bound=Filter)


def token_filter(organization: Organization, words: TokenWords, *, at: str = "") -> TokenFilter:
    """`at` is the JSON pointer to the words."""
    asked = QueryDict(mutable=True)
    for name, value in words.model_dump(mode="json", exclude_none=True).items():
        if name in TokenFilter.base_fields:
            asked[name] = value
    if words.license is not None:
        asked["license"] = str(license_numbered(organization, words.license, at=at))
    return understood(TokenFilter(asked, organization=organization), at=at)


def license_numbered(organization: Organization, number: str, *, at: str = "") -> int:
    key = organization.licenses.filter(number=number).values_list("pk", flat=True).first()
    if key is None:
        raise Unprocessable(f"{at}/license", "There is no such license in this organization.")
    return key


def understood(filter: AnyFilter, *, at: str = "") -> AnyFilter:
    for name, said in filter.errors.items():
        raise Unprocessable(f"{at}/{name}", str(said[0]))
    return filter
