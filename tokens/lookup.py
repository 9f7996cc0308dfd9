"""From digests to a token with all that decides about it, in one query.

Building and compiling the same queryset on every call costs more than running it. So the ORM compiles it once for each
database and number of peppers, and the call runs that SQL with its own digests. The queryset stays the one source.
"""

import functools
from typing import Any

from django.db import connections
from django.db.models.query import get_related_populators  # type: ignore[attr-defined]

from tokens.models import Token

DIGEST_BYTES = 32

Row = tuple[Any, ...]


def find_token(digests: list[bytes], using: str = "default") -> Token | None:
    """The token with one of the digests, its owner, license and organization loaded. At most one has any of them."""
    lookup = compiled(using, len(digests))
    with connections[using].cursor() as cursor:
        cursor.execute(lookup.sql, lookup.parameters(digests))
        row = cursor.fetchone()
    return lookup.build(row) if row else None


@functools.cache
def compiled(using: str, count: int) -> "CompiledLookup":
    return CompiledLookup(using, count)


class CompiledLookup:
    def __init__(self, using: str, count: int) -> None:
        placeholders = [number.to_bytes(DIGEST_BYTES, "big") for number in range(count)]
        queryset = Token.objects.using(using).with_surroundings().filter(digest__in=placeholders)
        self.using = using
        self.compiler = queryset.query.get_compiler(using)
        self.sql, constants = self.compiler.as_sql()
        self.constants = list(constants)
        self.positions = [index for index, value in enumerate(constants) if bytes_of(value) in placeholders]
        info = self.compiler.klass_info
        assert info is not None  # noqa: S101
        self.converters = self.compiler.get_converters([column[0] for column in self.compiler.select])
        self.fields = [self.compiler.select[index][0].target.attname for index in info["select_fields"]]
        self.annotations = self.compiler.annotation_col_map or {}
        self.populators = get_related_populators(info, self.compiler.select, using)

    def parameters(self, digests: list[bytes]) -> list[Any]:
        """Those that the SQL was compiled with, the digests in the places kept for them."""
        parameters = self.constants.copy()
        for position, digest in zip(self.positions, digests, strict=True):
            parameters[position] = digest
        return parameters

    def build(self, row: Row) -> Token:
        """The same objects that the queryset would have given."""
        if self.converters:
            (row,) = self.compiler.apply_converters([row], self.converters)
        token = Token.from_db(self.using, self.fields, row[: len(self.fields)])
        for populator in self.populators:
            populator.populate(row, token)
        for name, position in self.annotations.items():
            setattr(token, name, row[position])
        return token


def bytes_of(parameter: Any) -> bytes | None:
    """What a driver was given to bind, if it is bytes: psycopg wraps them."""
    value = getattr(parameter, "obj", parameter)
    return bytes(value) if isinstance(value, bytes | memoryview) else None
