"""Bring the words that tokens, licenses and people are found by into line with what they are called."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import License, LicenseWord, PersonWord
from tokens.models import Token, TokenWord

AT_ONCE = 1000
KINDS: list[tuple[QuerySet[Any], list[Any]]] = [
    (License.objects.select_related("user"), [LicenseWord, PersonWord]),
    (Token.objects.all(), [TokenWord]),
]


class Command(BaseCommand):
    help = (
        "Find the search words that do not fit the names of tokens, licenses and people, and mend them: what a server "
        "of an earlier release wrote during an upgrade has none. --check mends nothing, and exits with 1 if any is "
        "wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="mend nothing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        wrong = sum(wrong_of(batch, words, check) for rows, words in KINDS for batch in batches(rows))
        if check and wrong:
            raise CommandError(f"{wrong:,} search words are wrong. Run it without --check.")
        self.stdout.write(f"{wrong:,} search words were wrong." if wrong else "All search words are right.")


def batches(rows: QuerySet[Any]) -> Iterator[QuerySet[Any]]:
    """By their keys, each to be read by itself."""
    last = 0
    while keys := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        yield rows.filter(pk__gt=last, pk__lte=keys[-1])
        last = keys[-1]


@transaction.atomic
def wrong_of(batch: QuerySet[Any], words: list[Any], check: bool) -> int:
    """Nobody renames them meanwhile, and where they are only looked at, what was mended is taken back."""
    rows = list(batch.order_by("pk").select_for_update(no_key=True))
    wrong = sum(kind.objects.rewrite(rows) for kind in words)
    transaction.set_rollback(check)
    return wrong
