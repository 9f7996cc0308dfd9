"""Let secret scanners find our tokens."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from tokens.format import pattern

# Random characters have an entropy near 5 bits each; an example such as trk_xxxx… has none.
GITLEAKS = """\
[[rules]]
id = "tokenrack-token"
description = "Tokenrack API token"
regex = '''{pattern}'''
entropy = 3.5
keywords = ["{prefix}"]
"""


class Command(BaseCommand):
    help = "Print what a secret scanner needs to find the tokens of this installation: a rule for it, or the pattern."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--format",
            choices=["gitleaks", "secretlint", "regex"],
            default="gitleaks",
            help="gitleaks: for .gitleaks.toml (as without it); secretlint: for .secretlintrc.json; regex: RE2 syntax",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        prefix = settings.TOKEN_PREFIX
        found = pattern(prefix)
        rules = {
            "gitleaks": GITLEAKS.format(pattern=found, prefix=prefix).rstrip(),
            "secretlint": secretlint(found),
            "regex": found,
        }
        self.stdout.write(rules[options["format"]])


def secretlint(found: str) -> str:
    options = {"patterns": [{"name": "Tokenrack API token", "pattern": f"/{found}/"}]}
    return json.dumps({"rules": [{"id": "@secretlint/secretlint-rule-pattern", "options": options}]}, indent=2)
