"""Take over the tokens of another system, so that scripts in the field go on working with the text they have."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import pluralize

from accounts.actor import SYSTEM
from tokens import lifecycle
from tokens.lifecycle import TakeOver, Terms
from tokens.management import arguments
from tokens.management.progress import Progress
from tokens.takeover import csv_file, databases
from tokens.takeover.arrivals import Arrival, Fate, Fault
from tokens.takeover.databases import People, SourceError

KNOX_TEXT_LENGTH = 64


class Command(BaseCommand):
    help = (
        "Take over tokens of Django REST framework, django-rest-knox or a CSV file. They hang on the licenses of the "
        "people they belonged to and work with their old text. All are imported, or none; a second run imports "
        "nothing twice. Says for each what became of it, and never a text. Exits with 1 where nothing was imported "
        "because something is wrong. See docs/commands.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        url = "or the name of an environment variable that holds it"
        source.add_argument(
            "--from-authtoken",
            metavar="URL",
            type=arguments.database,
            help=f"database of authtoken, {url}",
        )
        source.add_argument("--from-knox", metavar="URL", type=arguments.database, help=f"database of knox, {url}")
        source.add_argument("--from-csv", metavar="FILE", help="a CSV file, or - for standard input")
        parser.add_argument("--organization", metavar="SLUG", help="whose licenses take them")
        parser.add_argument("--license", metavar="NUMBER", help="only this license takes any")
        parser.add_argument(
            "--scope", type=arguments.scope, nargs="+", action="extend", help="permissions of tokens that bring none"
        )
        parser.add_argument(
            "--expires", type=arguments.last_day, metavar="30d|DATE|never", help="end of tokens that bring none"
        )
        parser.add_argument("--create-people", action="store_true", help="bring in who is new here, without a password")
        parser.add_argument("--skip-wrong", action="store_true", help="leave out what is wrong and import the rest")
        parser.add_argument("--dry-run", action="store_true", help="say the same and change nothing")
        parser.add_argument("--user-table", default="", help="where the other system's people are, such as auth_user")
        parser.add_argument("--email-column", default="email", help="the column of their addresses")
        parser.add_argument("--text-prefix", default="", help="knox's TOKEN_PREFIX")
        parser.add_argument(
            "--text-length",
            type=int,
            default=KNOX_TEXT_LENGTH,
            help=f"of texts that are known by SHA-512 only, without the prefix ({KNOX_TEXT_LENGTH})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        terms = self.terms(options)
        try:
            found = list(self.read(options))
        except SourceError as error:
            raise CommandError(str(error)) from None
        with Progress(self.stderr, len(found)) as progress:
            taken = lifecycle.take_over(actor=SYSTEM, terms=terms, found=found, tell=progress.show)
        for outcome in taken.outcomes:
            self.stdout.write(str(outcome))
        self.conclude(taken, terms)

    def terms(self, options: dict[str, Any]) -> Terms:
        license = arguments.license_numbered(options["license"]) if options["license"] else None
        organization = arguments.organization(options["organization"]) if options["organization"] else None
        if not (license or organization):
            raise CommandError("Say where the tokens go: --organization SLUG, or --license NUMBER.")
        if license and organization and license.organization != organization:
            raise CommandError(f"The license {license} is none of {organization}.")
        return Terms(
            source="authtoken" if options["from_authtoken"] else "knox" if options["from_knox"] else "csv",
            organization=license.organization if license else organization,
            license=license,
            scope=tuple(options["scope"] or ()),
            expires_at=arguments.end_of(options["expires"]),
            brings_in_people=options["create_people"],
            leaves_out_wrong=options["skip_wrong"],
            is_rehearsal=options["dry_run"],
        )

    def read(self, options: dict[str, Any]) -> list[Arrival | Fault]:
        people = People(options["user_table"], options["email_column"])
        length = options["text_length"]
        if config := options["from_authtoken"]:
            return list(databases.read(databases.AUTHTOKEN, config, people))
        if config := options["from_knox"]:
            return list(
                databases.read(databases.KNOX, config, people, text_length=length, text_prefix=options["text_prefix"])
            )
        if options["from_csv"] == "-":
            return list(csv_file.read(sys.stdin.buffer, text_length=length))
        try:
            with Path(options["from_csv"]).open("rb") as file:
                return list(csv_file.read(file, text_length=length))
        except OSError as error:
            raise CommandError(f"{options['from_csv']} cannot be read: {error.strerror}.") from None

    def conclude(self, taken: TakeOver, terms: Terms) -> None:
        counts = {fate: taken.count(fate) for fate in Fate}
        number, wrong = counts.pop(Fate.IMPORTED), counts[Fate.WRONG]
        rest = ", ".join(f"{count:,} {fate.value}" for fate, count in counts.items() if count)
        if wrong and not terms.leaves_out_wrong:
            raise CommandError(f"Nothing is imported: {rest}. Mend what is wrong, or leave it out with --skip-wrong.")
        verb = "would be imported" if terms.is_rehearsal else "imported"
        self.stdout.write(f"{number:,} token{pluralize(number)} {verb}{f', {rest}' if rest else ''}.")
