"""The operator's way out for a person who lost the app, the passkeys and the recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import second_factor
from accounts.actor import SYSTEM
from accounts.models import User


class Command(BaseCommand):
    help = "Take a person's second factors and recovery codes away, and end their sessions. The password stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, email: str, yes: bool, **options: Any) -> None:
        person = User.objects.filter(email=email.strip().lower()).first()
        if person is None:
            raise CommandError(f"Nobody has the address {email}.")
        if not yes and input(f"{person.email} signs in by password alone afterwards. Type yes: ").strip() != "yes":
            raise CommandError("Nothing was changed.")
        removed = second_factor.reset(person, actor=SYSTEM)
        self.stdout.write(f"{removed} removed. {person.email} was told." if removed else "There is no second factor.")
