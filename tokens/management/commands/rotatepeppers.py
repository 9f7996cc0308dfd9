"""Add a pepper, and say how many tokens still hang on each."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import pluralize
from django.utils import timezone

from config import env_file
from config.env_file import EnvFileError
from config.first_env import random_key
from tokens.peppers import Use, signs_audit_rows, use_by_number

NAME = "TOKEN_PEPPERS"
HIGHEST = 9999


class Command(BaseCommand):
    help = (
        "Add a new pepper to TOKEN_PEPPERS: in the .env file, or, where the environment comes from elsewhere, by "
        "printing the new line to a terminal. Restart every process afterwards, all of them together. New tokens use "
        "the new pepper, others move to it as they are used."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--status", action="store_true", help="only say what hangs on each pepper")
        which.add_argument("--remove", metavar="NUMBER", type=int, help="take out a pepper on which nothing hangs")
        parser.add_argument("--print", action="store_true", help="print the new line, also where there is no terminal")

    def handle(self, *args: Any, **options: Any) -> None:
        uses = use_by_number(timezone.now())
        for number, use in uses.items():
            self.stdout.write(in_words(number, use))
        if options["status"]:
            return
        entries = [entry.strip() for entry in os.environ[NAME].split(",")]
        if options["remove"] is None:
            number = max(settings.TOKEN_PEPPERS) + 1
            if number > HIGHEST:
                raise CommandError(f"Numbers end with {HIGHEST}.")
            self.write([*entries, f"{number}:{random_key()}"], f"Pepper {number} is added.", options)
            return
        check_removal(options["remove"], uses)
        kept = [entry for entry in entries if int(entry.partition(":")[0]) != options["remove"]]
        self.write(kept, f"Pepper {options['remove']} is taken out. Keep a copy as long as your backups.", options)

    def write(self, entries: list[str], done: str, options: dict[str, Any]) -> None:
        line, file = ",".join(entries), env_file.path()
        restart = "Restart every process, all of them together, and keep a copy where your backups are."
        if env_file.value_in(file, NAME) == os.environ[NAME] and not options["print"]:
            try:
                env_file.replace(file, NAME, line)
            except EnvFileError as error:
                raise CommandError(f"{error} Say --print to see the new line.") from None
            self.stdout.write(f"{done} {restart}")
            return
        if not (options["print"] or self.stdout.isatty()):
            raise CommandError(f"{NAME} is not set by {file}: say --print, and set it to what is printed.")
        self.stderr.write(f"Set this line where {NAME} comes from. {restart}", style_func=str)
        self.stdout.write(f"{NAME}={line}")


def in_words(number: int, use: Use) -> str:
    standing = ""
    if number not in settings.TOKEN_PEPPERS:
        standing = f", missing from {NAME}: nobody can use them"
    elif number == max(settings.TOKEN_PEPPERS):
        standing = ", the newest"
    elif not use.tokens and not signs_audit_rows(number):
        standing = f", not needed: --remove {number} takes it out"
    elif not use.tokens:
        standing = ", needed to verify the audit log"
    return (
        f"pepper {number}: {use.living:,} token{pluralize(use.living)} in use or able to come back, "
        f"{use.ended:,} ended{standing}"
    )


def check_removal(number: int, uses: dict[int, Use]) -> None:
    if number not in settings.TOKEN_PEPPERS:
        raise CommandError(f"There is no pepper {number}.")
    if number == max(settings.TOKEN_PEPPERS):
        raise CommandError(f"Pepper {number} is the newest, which new tokens use. Add another one first.")
    if living := uses[number].living:
        raise CommandError(
            f"{living:,} token{pluralize(living)} would stop working. They move to the newest pepper as they are used. "
            f"To give up those that are not used any more, take the entry out of {NAME} by hand."
        )
    if ended := uses[number].ended:
        raise CommandError(
            f"{ended:,} ended token{pluralize(ended)} would be refused as unknown, and no leak of them be recognised. "
            f"If that is no loss, take the entry out of {NAME} by hand."
        )
    if signs_audit_rows(number):
        raise CommandError(
            "The audit log has rows signed with the key that follows from it, and could not be verified. Wait until "
            "pruneaudit has deleted them and every chain has a newer event."
        )
