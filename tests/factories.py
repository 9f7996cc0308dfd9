"""Parts to build a scene from."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts import invitations, service_accounts
from accounts.actor import SYSTEM, Actor
from accounts.models import Invitation, License, Organization, Role, User
from tokens import lifecycle, shapes
from tokens.lifecycle import Issued, Terms
from tokens.models import Token
from tokens.takeover.arrivals import Arrival

PASSWORD = "correct horse battery"


def rename(rows: Iterable[Any], **fields: str) -> None:
    """Whatever is searched is saved one by one, with its words."""
    for row in rows:
        for name, text in fields.items():
            setattr(row, name, text)
        row.save(update_fields=list(fields))


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.org")
    password = factory.LazyFunction(lambda: make_password(None))
    name = factory.Sequence(lambda number: f"Person {number}")

    @factory.post_generation
    def door(self, create, extracted, **kwargs):
        """A service account has neither a password nor an address that anybody reads."""
        if self.is_service_account:
            return
        self.set_password(PASSWORD)
        self.save()
        EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class OrganizationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organization

    name = factory.Sequence(lambda number: f"Organization {number}")
    slug = factory.Sequence(lambda number: f"organization-{number}")


class LicenseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = License

    user = factory.SubFactory(UserFactory)
    organization = factory.SubFactory(OrganizationFactory)
    name = "Studio"
    number = factory.Sequence(lambda number: f"ST-{number:05}")

    class Params:
        administrator = factory.Trait(role=Role.ADMINISTRATOR)
        individual = factory.Trait(organization=None)


def invite(organization: Organization, actor: User, email: str = "erin@example.org", **fields: Any) -> Invitation:
    """An open invitation, whose letter went out."""
    terms = {"role": "member", "license_name": "Fieldwork", "allowance": 4, "valid_until": None} | fields
    return invitations.invite(actor=Actor(actor), organization=organization, email=email, **terms)


def service_account(organization: Organization, name: str = "Nightly backups") -> License:
    return service_accounts.create(organization=organization, name=name, actor=SYSTEM)


def issue(license: License, name: str = "nightly-export", scope: str = "account:read", **fields: object) -> Issued:
    """A named token, issued by its owner as a page would."""
    fields.setdefault("expires_at", timezone.now() + timedelta(days=60))
    return lifecycle.issue(actor=Actor(license.user), license=license, name=name, scope=scope.split(), **fields)


def take_over(license: License, text: str = "4abc478b25e30766652f76103b978349c4c4b214", **facts: Any) -> Token:
    """A token of another system, imported with the text that it had there."""
    arrival = Arrival("row 1", shapes.secret_of_text(text), email=license.user.email, **facts)
    terms = Terms("authtoken", license.organization, license=license, scope=("account:read",))
    assert lifecycle.take_over(actor=SYSTEM, terms=terms, found=[arrival]).is_done
    return license.tokens.latest("pk")
