"""Forget audit events that are older than they have to be kept."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import pluralize
from django.utils import timezone

from accounts import retention

FEWEST_DAYS = 30


class Command(BaseCommand):
    help = "Delete audit events older than AUDIT_DAYS, and leave a signed mark where each chain was cut."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=settings.AUDIT_DAYS, help="how many days are kept")
        parser.add_argument("--dry-run", action="store_true", help="say how many would go")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["days"] < FEWEST_DAYS:
            raise CommandError(f"At least {FEWEST_DAYS} days are kept.")
        before = timezone.now() - timedelta(days=options["days"])
        if options["dry_run"]:
            count, verb = retention.count_older(before), "would go"
        else:
            count, verb = retention.prune(before), "deleted"
        self.stdout.write(f"{count:,} audit event{pluralize(count)} before {before:%Y-%m-%d %H:%M} UTC {verb}.")
