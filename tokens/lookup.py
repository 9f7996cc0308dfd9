"""From digests to a token with all that decides about it, in one query.

Building and compiling the same queryset on every call costs more than running it. So the ORM compiles it once for each
database and number of peppers, and the call runs that SQL with its own digests. The queryset stays the one source.
"""

import functools
from typing import Any

from django.db import connections
from django.db.models.query import get_related_populators  # type: ignore[attr-defined]

from tokens.models import Token

Row = tuple[Any, ...]


def find_token(digests: list[bytes], using: str = "default") -> Token | None:
    """The token with one of the digests, its owner, license and organization loaded. At most one has any of them."""
    lookup = compiled(using, len(digests))
    with connections[using].cursor() as cursor:
        cursor.execute(lookup.sql, digests)
        row = cursor.fetchone()
    return lookup.build(row) if row else None


@functools.cache
def compiled(using: str, count: int) -> "CompiledLookup":
    return CompiledLookup(using, count)


class CompiledLookup:
    def __init__(self, using: str, count: int) -> None:
        placeholders = [number.to_bytes(32, "big") for number in range(count)]
        queryset = Token.objects.using(using).with_surroundings().filter(digest__in=placeholders)
        self.using = using
        self.compiler = queryset.query.get_compiler(using)
        self.sql, parameters = self.compiler.as_sql()
        assert len(parameters) == count, "The look-up takes digests and nothing else."  # noqa: S101
        info = self.compiler.klass_info
        assert info is not None  # noqa: S101
        self.converters = self.compiler.get_converters([column[0] for column in self.compiler.select])
        self.fields = [self.compiler.select[index][0].target.attname for index in info["select_fields"]]
        self.populators = get_related_populators(info, self.compiler.select, using)

    def build(self, row: Row) -> Token:
        """The same objects that the queryset would have given."""
        if self.converters:
            (row,) = self.compiler.apply_converters([row], self.converters)
        token = Token.from_db(self.using, self.fields, row[: len(self.fields)])
        for populator in self.populators:
            populator.populate(row, token)
        return token
