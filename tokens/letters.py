"""Letters about tokens, from `templates/tokens/email/`, and who reads them. Never a secret in them."""

from typing import Any

from django.urls import reverse

from accounts import letters
from accounts.models import User
from tokens.models import Token


def readers(token: Token) -> list[User]:
    """The owner; of a service account, which reads nothing, the administrators in force of its organization.

    Nobody for a closed account.
    """
    if token.owner.is_closed:
        return []
    if not token.owner.is_service_account:
        return [token.owner]
    if token.license is None or token.license.organization is None:
        return []
    seats = token.license.organization.licenses.governing()
    return [license.user for license in seats.select_related("user").order_by("pk")]


def send(name: str, token: Token, people: list[User], **context: Any) -> bool:
    """Write to all of them. True if a letter left: who got one must not get it again for the sake of another."""
    left = [
        letters.send(
            f"tokens/email/{name}",
            person.email,
            time_zone=person.time_zone,
            person=person,
            token=token,
            place=place_of(token),
            **context,
        )
        for person in people
    ]
    return any(left)


def place_of(token: Token) -> str:
    """Where its readers find it: the owner's own page, or that of the Admin area."""
    if token.owner.is_service_account and token.license and token.license.organization:
        return reverse("organization-token", args=[token.license.organization.slug, token.pk])
    return token.get_absolute_url()
