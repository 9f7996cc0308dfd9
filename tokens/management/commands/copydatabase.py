"""Move an installation from SQLite to PostgreSQL, or back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, transaction

from accounts.models import Organization
from accounts.verification import Broken, verify
from tokens.management import arguments
from tokens.management.copying import ALIAS, CopyError, copy_all, counts_of, refuse_unlike, source
from tokens.management.progress import Progress


class Command(BaseCommand):
    help = (
        "Copy everything from another database into that of DATABASE_URL, which has to be migrated and new. All is "
        "copied, or nothing. Stop the servers first. Exits with 1 where nothing was copied. See docs/postgresql.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="config",
            metavar="URL",
            type=arguments.database,
            required=True,
            help="the database to read, or the name of an environment variable that holds it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with source(options["config"]), transaction.atomic():
                refuse_unlike()
                counts = counts_of(ALIAS)
                with Progress(self.stderr, sum(counts.values())) as progress:
                    copy_all(progress.show)
                if counts_of(DEFAULT_DB_ALIAS) != counts:
                    raise CopyError("The target does not hold as many rows as the source.")
                events = verified()
        except CopyError as error:
            raise CommandError(f"Nothing was copied. {error}") from None
        for model, count in counts.items():
            self.stdout.write(f"{count:>12,}  {model._meta.db_table}")
        self.stdout.write(f"{sum(counts.values()):>12,}  rows copied; {events:,} audit events verified.")


def verified() -> int:
    """How many events all chains hold together, where none is broken."""
    chains = [*Organization.objects.values_list("pk", flat=True), None]
    try:
        return sum(verify(organization).events for organization in chains)
    except Broken as broken:
        raise CopyError(f"The audit log is broken: {broken}. See verifyaudit.") from None
