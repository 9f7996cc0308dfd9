"""Write to the owners of tokens that are about to expire."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.template.defaultfilters import pluralize
from django.utils import timezone

from tokens import letters, notices
from tokens.models import Token


class Command(BaseCommand):
    help = "Write to the owners of tokens that expire in 30, 7 or 1 days. Each letter goes out once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be sent")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        due = notices.due(now)
        if options["dry_run"]:
            for token, days in due:
                self.stdout.write(f"{names(token)}: {token} ({days} days ahead)")
            self.stdout.write(f"{len(due)} letter{pluralize(len(due))} would be sent.")
            return
        sent = sum(notices.send(token, days, now) for token, days in due)
        self.stdout.write(f"{sent} letter{pluralize(sent)} sent.")
        if left := len(due) - sent:
            self.stdout.write(f"{left} not: see the log, or another run had them.")


def names(token: Token) -> str:
    return ", ".join(person.email for person in letters.readers(token)) or "nobody"
