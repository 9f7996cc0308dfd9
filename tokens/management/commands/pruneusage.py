"""Forget usage that is older than anybody looks."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from tokens.models import RefusalDay, TokenDay

DAYS_KEPT = 400


class Command(BaseCommand):
    help = f"Delete usage counters that are older than {DAYS_KEPT} days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS_KEPT, help="how many days are kept")
        parser.add_argument("--dry-run", action="store_true", help="say how many would go")

    def handle(self, *args: Any, **options: Any) -> None:
        first = timezone.now().date() - timedelta(days=options["days"])
        old = [model.objects.filter(day__lt=first) for model in (TokenDay, RefusalDay)]
        count = sum(rows.count() for rows in old)
        if not options["dry_run"]:
            for rows in old:
                rows.delete()
        self.stdout.write(f"{count} days of usage before {first} {'would go' if options['dry_run'] else 'deleted'}.")
