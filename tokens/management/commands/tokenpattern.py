"""Let secret scanners find our tokens."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tokens.format import pattern

RULE = """\
[[rules]]
id = "tokenrack-token"
description = "Tokenrack API token"
regex = '''{pattern}'''
keywords = ["{prefix}"]
"""


class Command(BaseCommand):
    help = "Print a gitleaks rule that finds the tokens of this installation."

    def handle(self, *args: Any, **options: Any) -> None:
        prefix = settings.TOKEN_PREFIX
        self.stdout.write(RULE.format(pattern=pattern(prefix), prefix=prefix))
