"""Say of every chain of the audit log whether it is as it was written."""

import re
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.template.defaultfilters import pluralize

from accounts import triggers
from accounts.models import Organization
from accounts.verification import Broken, Place, Proof, verify

SITE = "(site)"


class Command(BaseCommand):
    help = "Verify the audit log: every event, in every chain. Exits with 1 where one was changed, removed or added."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--organization", metavar="SLUG", help="only the chain of this one")
        which.add_argument("--site", action="store_true", help="only the site's own chain")
        parser.add_argument("--head", metavar="POSITION:HEX", help="a head noted earlier, which the chain must contain")

    def handle(self, *args: Any, **options: Any) -> None:
        noted = place(options["head"]) if options["head"] else None
        chains = chosen(options["organization"], options["site"])
        if noted and len(chains) != 1:
            raise CommandError("--head belongs to one chain: name it with --organization or --site.")
        if not triggers.are_installed(connection):
            self.stderr.write("The database's own lock on the audit log (its triggers) is not installed.")
        unbroken = [self.is_unbroken(name, organization, noted) for name, organization in chains.items()]
        if not all(unbroken):
            sys.exit(1)

    def is_unbroken(self, name: str, organization: int | None, noted: Place | None) -> bool:
        try:
            proof = verify(organization, noted)
            if noted and not proof.is_noted_met:
                raise Broken(
                    f"rolled back: there is no event {noted}{' any more' if noted.position <= proof.cut else ''}"
                )
        except Broken as broken:
            self.stdout.write(f"{name}: BROKEN, {broken}")
            return False
        self.stdout.write(f"{name}: {in_words(proof)}")
        return True


def chosen(slug: str | None, is_site: bool) -> dict[str, int | None]:
    """Chains by name, the site's own last."""
    if slug is None:
        known: dict[str, int | None] = (
            {} if is_site else dict(Organization.objects.order_by("slug").values_list("slug", "pk"))
        )
        return known | {SITE: None}
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        raise CommandError(f"There is no organization {slug!r}.")
    return {slug: organization.pk}


def place(text: str) -> Place:
    if not re.fullmatch(r"[0-9]{1,18}:[0-9a-f]{64}", text):
        raise CommandError("--head looks like 3406:<64 hexadecimal digits>, as this command prints it.")
    position, _, mac = text.partition(":")
    return Place(int(position), bytes.fromhex(mac))


def in_words(proof: Proof) -> str:
    cut = f", cut behind position {proof.cut:,}" if proof.cut else ""
    return f"{proof.events:,} event{pluralize(proof.events)}, unbroken{cut}, head {proof.head}"
