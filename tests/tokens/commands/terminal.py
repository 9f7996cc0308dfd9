"""What a command writes to, and what stands there afterwards."""

import io
from typing import Any

from django.core.management import call_command


class Terminal(io.StringIO):
    """Somebody sits in front of it."""

    def isatty(self) -> bool:
        return True


def said(command: str, *arguments: object, terminal: bool = False, **options: Any) -> str:
    """Standard output of a command that ends well."""
    out = Terminal() if terminal else io.StringIO()
    call_command(command, *map(str, arguments), stdout=out, **{"stderr": io.StringIO()} | options)
    return out.getvalue()
