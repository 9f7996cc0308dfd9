"""Issue a named token for somebody."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from accounts.actor import SYSTEM
from accounts.models import License
from tokens import lifecycle
from tokens.lifecycle import ActRefused
from tokens.listing import described
from tokens.management import arguments


class Command(BaseCommand):
    help = (
        "Issue a named token on a person's license. Its text goes to standard output, once, and only to a terminal or "
        "with --print; everything else that is said goes to standard error. The organization's policy applies."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", nargs="?", help="whose; may be left out with --license")
        parser.add_argument("--name", required=True, type=arguments.name, help="what the token is called")
        parser.add_argument(
            "--scope",
            required=True,
            type=arguments.scope,
            nargs="+",
            action="extend",
            help="permissions, such as account:read tokens:write",
        )
        parser.add_argument("--license", metavar="NUMBER", help="where a person has several, or for a service account")
        parser.add_argument(
            "--expires", type=arguments.last_day, metavar="30d|DATE|never", default="60d", help="its last day (60d)"
        )
        parser.add_argument("--print", action="store_true", help="also where standard output is no terminal")
        parser.add_argument("--json", action="store_true", help="one JSON object, with the text as plaintext")

    def handle(self, *args: Any, **options: Any) -> None:
        license = license_of(options["email"], options["license"])
        if not (options["print"] or self.stdout.isatty()):
            raise CommandError("Standard output is no terminal, so nobody would see the token: say --print.")
        try:
            issued = lifecycle.issue(
                actor=SYSTEM,
                license=license,
                name=options["name"],
                scope=options["scope"],
                expires_at=arguments.end_of(options["expires"], license.user),
            )
        except ActRefused as refused:
            raise CommandError(str(refused)) from None
        facts = described(issued.token)
        if options["json"]:
            facts["plaintext"] = str(issued.plaintext)
            self.stdout.write(json.dumps(facts, cls=DjangoJSONEncoder, ensure_ascii=False))
            return
        end = f"{issued.token.expires_at:%Y-%m-%d %H:%M} UTC" if issued.token.expires_at else "never"
        said = f"{issued.token.name} of {license.user} on {license}, {facts['state']}, expires {end}:"
        self.stderr.write(said, style_func=str)
        self.stdout.write(str(issued.plaintext))


def license_of(email: str | None, number: str | None) -> License:
    person = arguments.person(email) if email else None
    if number:
        license = arguments.license_numbered(number)
        if person and license.user != person:
            raise CommandError(f"{license} is no license of {person.email}.")
        return license
    if person is None:
        raise CommandError("Say whose token it is: an address, or --license NUMBER.")
    licenses = list(person.licenses.in_force())
    if len(licenses) != 1:
        numbers = ", ".join(sorted(license.number for license in licenses)) or "none"
        raise CommandError(f"{person.email} has not one license in force but these: {numbers}. Say --license NUMBER.")
    return licenses[0]
