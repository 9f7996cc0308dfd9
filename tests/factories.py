"""Parts to build a scene from."""

from datetime import timedelta

import factory
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import License, Organization, Role, User
from tokens import lifecycle
from tokens.lifecycle import Issued

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.org")
    name = factory.Sequence(lambda number: f"Person {number}")

    @factory.post_generation
    def password(self, create, extracted, **kwargs):
        self.set_password(extracted or PASSWORD)
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


def issue(license: License, name: str = "nightly-export", scope: str = "account:read", **fields: object) -> Issued:
    """A named token, issued by its owner as a page would."""
    fields.setdefault("expires_at", timezone.now() + timedelta(days=60))
    return lifecycle.issue(actor=Actor(license.user), license=license, name=name, scope=scope.split(), **fields)
