"""Make a demonstration organization with people and tokens in it."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, service_accounts
from accounts.actor import Actor
from accounts.models import Invitation, License, Organization, Role, User
from tokens import lifecycle
from tokens.models import ACCOUNT_TOKEN_NAME

DOMAIN = "meridian.example"
COLLEAGUES = ["Ines Varga", "Jonas Reuter", "Lerato Khumalo", "Mio Tanabe", "Per Halvorsen"]


@dataclass
class Demonstration:
    """What was made, in the shape that `--json` prints."""

    url: str
    organization: str
    users: list[dict[str, str]] = field(default_factory=list)
    tokens: list[dict[str, Any]] = field(default_factory=list)


class Command(BaseCommand):
    help = "Make a demonstration organization with three sign-ins and a few tokens, and print them once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print it for scripts")
        parser.add_argument("--force", action="store_true", help="also on a database that has users already")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists() and not options["force"]:
            raise CommandError("This database has users already. Say --force to add a demonstration to them.")
        made = make()
        self.stdout.write(json.dumps(made.__dict__, indent=2) if options["json"] else in_words(made))


@transaction.atomic
def make() -> Demonstration:
    suffix = free_suffix()
    organization = Organization.objects.create(name="Meridian Cartography", slug=f"meridian{suffix}")
    made = Demonstration(url=settings.SITE_URL, organization=organization.slug)
    scene = Scene(organization, suffix, made)
    ada = scene.person("Ada Lindqvist", "member")
    tomas = scene.person("Tomás Okafor", "administrator")
    scene.person("Site Operator", "operator")
    scene.account_token(ada)
    scene.account_token(tomas)
    scene.token(ada, "nightly-export", "account:write tokens:read", days=84)
    scene.token(ada, "grafana-panels", "account:read", days=3)
    stopped = scene.token(ada, "import-script", "account:read", days=30, told=False)
    lifecycle.revoke(actor=Actor(ada), token=stopped)
    scene.token(tomas, "inventory-bridge", "account:read organization:read", days=90)
    held = scene.token(tomas, "contractor-sync", "account:read", days=60, told=False)
    lifecycle.revoke(actor=Actor(tomas), token=held)
    for number, name in enumerate(COLLEAGUES):
        colleague = scene.person(name, "member", told=False)
        for turn in range(number):
            scene.token(colleague, f"{name.split()[0].lower()}-job-{turn + 1}", "account:read", days=60, told=False)
    nightly = service_accounts.create(organization=organization, name="Nightly backups", actor=Actor(tomas))
    scene.token(nightly.user, "backup-to-archive", "account:read organization:read", days=60, told=False)
    scene.invitation("Salma Bennani", tomas)
    return made


def free_suffix() -> str:
    """ "" for the first demonstration, then 2, 3, …"""
    number, suffix = 1, ""
    while Organization.objects.filter(slug=f"meridian{suffix}").exists():
        number += 1
        suffix = str(number)
    return suffix


class Scene:
    """Makes people and tokens, and notes those that are told to the reader."""

    def __init__(self, organization: Organization, suffix: str, made: Demonstration) -> None:
        self.organization = organization
        self.suffix = suffix
        self.made = made

    def person(self, name: str, role: str, *, told: bool = True) -> User:
        first = name.split()[0].lower().replace("á", "a").replace("site", "operator")
        email = f"{first}{self.suffix}@{DOMAIN}"
        password = secrets.token_urlsafe(12)
        user = User.objects.create_user(
            email,
            password if told else None,
            name=name,
            is_staff=role == "operator",
            is_superuser=role == "operator",
        )
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        if role != "operator":
            seat = Role.ADMINISTRATOR if role == "administrator" else Role.MEMBER
            number = f"ST{self.suffix}-{20417 + License.objects.count()}"
            License.objects.create(user=user, organization=self.organization, name="Studio", number=number, role=seat)
        if told:
            self.made.users.append({"email": email, "password": password, "role": role})
        return user

    def invitation(self, name: str, sender: User) -> None:
        """Without its letter: nobody of the demonstration reads mail."""
        email = f"{name.split()[0].lower()}{self.suffix}@{DOMAIN}"
        invitation = Invitation(organization=self.organization, email=email, license_name="Fieldwork")
        invitations.draw_up(invitation, actor=Actor(sender))
        Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now())

    def account_token(self, owner: User) -> None:
        issued = lifecycle.regenerate(actor=Actor(owner), owner=owner)
        self.tell(owner, ACCOUNT_TOKEN_NAME, issued)

    def token(self, owner: User, name: str, scope: str, *, days: int, told: bool = True):
        issued = lifecycle.issue(
            actor=Actor(owner),
            license=owner.licenses.get(),
            name=name,
            scope=scope.split(),
            expires_at=timezone.now() + timedelta(days=days),
        )
        if told:
            self.tell(owner, name, issued)
        return issued.token

    def tell(self, owner: User, name: str, issued: lifecycle.Issued) -> None:
        self.made.tokens.append(
            {
                "owner": owner.email,
                "name": name,
                "plaintext": str(issued.plaintext),
                "scopes": sorted(issued.token.scopes),
            }
        )


def in_words(made: Demonstration) -> str:
    width = max(len(user["email"]) for user in made.users)
    sign_ins = [f"  {user['email']:<{width}}  {user['password']}  ({user['role']})" for user in made.users]
    named = next(token for token in made.tokens if token["name"] != ACCOUNT_TOKEN_NAME)
    return "\n".join(
        [
            "",
            f"Tokenrack is at {made.url}",
            "A demonstration organization is in it. These passwords are shown once:",
            "",
            *sign_ins,
            "",
            "A script calls like this:",
            "",
            f"  curl {made.url}{reverse('api:read_me')} --header 'Authorization: Bearer {named['plaintext']}'",
            "",
        ]
    )
