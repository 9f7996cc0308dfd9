"""Revoke the tokens that meet every criterion."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q
from django.template.defaultfilters import pluralize
from django.utils import timezone

from accounts.actor import SYSTEM
from tokens import filters, foreign, leaks, lifecycle, scopes
from tokens.management import arguments
from tokens.management.progress import Progress
from tokens.models import LIFTED_BY_OWNER, NEVER_LIFTED, Token, TokenQuerySet

CRITERIA = ("owner", "organization", "older_than", "unused_for", "scope", "leak_file")
AT_ONCE = 200


class Command(BaseCommand):
    help = (
        "Revoke the tokens that meet every criterion given, account tokens among them unless --organization is given. "
        "Only an administrator can re-approve them. With --leak-file they are revoked as leaked, for good, and their "
        "owners get a letter. Asks before it acts. Each token is revoked by itself, so a run that was cut off can be "
        "repeated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", metavar="EMAIL", help="tokens of this person")
        parser.add_argument("--organization", metavar="SLUG", help="tokens on licenses of this one")
        parser.add_argument("--older-than", metavar="90d", type=arguments.days, help="made longer ago")
        parser.add_argument("--unused-for", metavar="90d", type=arguments.days, help="not used since")
        parser.add_argument("--scope", type=arguments.scope, help="that hold at least this permission")
        parser.add_argument("--leak-file", metavar="FILE", help="whose text stands anywhere in this file; - for input")
        parser.add_argument("--reason", type=arguments.reason, help="kept with the token and in the log")
        parser.add_argument("--dry-run", action="store_true", help="list them and revoke none")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if not any(options[name] is not None for name in CRITERIA):
            raise CommandError("Say which: " + ", ".join(f"--{name.replace('_', '-')}" for name in CRITERIA) + ".")
        tokens = list(chosen(options).select_related("owner").order_by("pk"))
        count = f"{len(tokens):,} token{pluralize(len(tokens))}"
        if options["dry_run"]:
            for token in tokens:
                self.stdout.write(f"{token}, {token.owner.email}")
            self.stdout.write(f"{count} would be revoked.")
            return
        if tokens and not options["yes"]:
            owners = len({token.owner_id for token in tokens})
            confirm(
                f"{count} of {owners:,} owner{pluralize(owners)} stop{pluralize(tokens, 's,')} at once.", len(tokens)
            )
        with Progress(self.stderr, len(tokens)) as progress:
            for done, token in enumerate(tokens, start=1):
                revoke(token, is_leaked=options["leak_file"] is not None, reason=options["reason"] or "")
                progress.show(done)
        self.stdout.write(f"{count} revoked.")


def chosen(options: dict[str, Any]) -> TokenQuerySet:
    """Those that work or that their owners could let in again; of leaked ones all that are not stopped for good."""
    now, tokens = timezone.now(), Token.objects.all()
    if options["leak_file"] is not None:
        tokens = tokens.filter(pk__in=leaked(options["leak_file"])).exclude(hold__in=NEVER_LIFTED)
    else:
        stoppable = Q(revoked_at=None) | Q(hold__in=LIFTED_BY_OWNER)
        tokens = tokens.unexpired(now).filter(stoppable).exclude(stops_at__lte=now)
    if options["owner"]:
        tokens = tokens.filter(owner=arguments.person(options["owner"]))
    if options["organization"]:
        tokens = tokens.of_organization(arguments.organization(options["organization"]))
    if options["older_than"] is not None:
        tokens = tokens.filter(created_at__lt=now - options["older_than"])
    if options["unused_for"] is not None:
        tokens = tokens.filter(filters.last_used(str(options["unused_for"].days), now).condition)
    if options["scope"]:
        held = Token.objects.order_by().values_list("scope", flat=True).distinct()
        tokens = tokens.filter(Q(license=None) | Q(scope__in=scopes.enough(held, options["scope"])))
    return tokens


def leaked(name: str) -> set[int]:
    """Whose texts stand in the file, of any kind: a text is ASCII, so every byte is read as a character."""
    known, found, digests = foreign.known.ask(), set[int](), list[bytes]()
    for line in lines_of(name):
        digests += leaks.digests_in(line, known)
        if len(digests) >= AT_ONCE:
            found |= pks_of(digests)
            digests.clear()
    return found | pks_of(digests)


def pks_of(digests: list[bytes]) -> set[int]:
    found: set[int] = set()
    for start in range(0, len(digests), AT_ONCE):
        some = digests[start : start + AT_ONCE]
        found |= set(Token.objects.filter(digest__in=some).values_list("pk", flat=True))
    return found


def lines_of(name: str) -> Iterator[str]:
    try:
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
            for line in file:
                yield line.decode("latin-1")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None


def confirm(consequence: str, count: int) -> None:
    if not sys.stdin.isatty():
        raise CommandError(f"{consequence} There is no terminal to ask on: say --yes.")
    if input(f"{consequence} Type {count} to revoke: ").replace(",", "").strip() != str(count):
        raise CommandError("Nothing was revoked.")


def revoke(token: Token, *, is_leaked: bool, reason: str) -> None:
    if is_leaked:
        lifecycle.revoke_as_leaked(actor=SYSTEM, token=token)
    else:
        lifecycle.revoke(actor=SYSTEM, token=token, reason=reason)
