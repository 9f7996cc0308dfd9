"""List tokens, for operators and their scripts."""

import json
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from tokens.attention import RULES_BY_NAME
from tokens.listing import listed
from tokens.management import arguments
from tokens.models import State, Token


class Command(BaseCommand):
    help = (
        "List tokens in the order in which they were made, account tokens among them. Criteria add up. Never a text, "
        "never a digest. It streams: a million tokens take no more memory than a thousand."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="on licenses of this one")
        parser.add_argument("--owner", metavar="EMAIL", help="of this person")
        parser.add_argument("--state", choices=[state.value for state in State], help="that stand like this")
        parser.add_argument("--needs", choices=list(RULES_BY_NAME), help="that need attention for this reason")
        parser.add_argument("--json", action="store_true", help="JSON Lines: one object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        now, tokens = timezone.now(), Token.objects.all()
        if options["organization"]:
            tokens = tokens.of_organization(arguments.organization(options["organization"]))
        if options["owner"]:
            tokens = tokens.filter(owner=arguments.person(options["owner"]))
        if options["needs"]:
            tokens = RULES_BY_NAME[options["needs"]].choose(tokens, now)
        if options["state"]:
            tokens = tokens.in_state(options["state"], now)
        try:
            for facts in listed(tokens):
                self.stdout.write(as_json(facts) if options["json"] else in_words(facts))
        except BrokenPipeError:  # whoever reads has seen enough, such as `head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def as_json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, cls=DjangoJSONEncoder, ensure_ascii=False)


def in_words(facts: dict[str, Any]) -> str:
    place = facts["license"] or "account token"
    return f"{facts['id']:>8}  {facts['hint']:<14}  {facts['state']:<9}  {facts['owner']}  {place}  {facts['name']}"
