"""From digests to a token with all that decides about it, in one query.

Building and compiling the same queryset on every call costs more than running it, and building whole instances as much
again. So the ORM compiles the look-up once for each database and number of digests; the call runs that SQL with its own
digests and puts what came into instances directly. The queryset stays the one source of the SQL.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import BinaryField

from tokens.clearance import Clearances
from tokens.models import Token
from tokens.recent import Recent
from tokens.rows import Shape, Values, quickest

DIGEST_BYTES = 32
# What decides, and what answers tell. The rest stays in the database until somebody asks.
TOKEN = (
    "owner license organization name scope allowed_networks revoke_on_sign_out shape counted_as digest pepper hint "
    "created_at expires_at revoked_at hold stop_reason predecessor replaced_at stops_at awaits_approval resumed_at "
    "first_used_at last_used_at last_used_address"
)
OWNER = "email name is_active is_service_account second_factor_at closed_at"
LICENSE = "user organization number role valid_until deactivated_at"
ORGANIZATION = "slug"
POLICY = "lifetime requires_expiry allowed_networks requires_second_factor idle_after withheld_scope requires_approval"
LOADED = [
    *TOKEN.split(),
    *(f"owner__{name}" for name in OWNER.split()),
    *(f"license__{name}" for name in LICENSE.split()),
    *(f"license__organization__{name}" for name in ORGANIZATION.split()),
    *(f"license__organization__policy__{name}" for name in POLICY.split()),
]

MOST_KNOWN = 2_000


@dataclass(slots=True)
class Known:
    """A row as it was last read, however the database tells it, with what was made of it."""

    row: Any
    values: Values
    facts: dict[str, Any]


def find_token(digests: list[bytes], using: str = "default") -> Token | None:
    """The token with one of the digests, its owner, license and organization loaded. At most one has any of them."""
    return compiled(using, len(digests)).find(connections[using], digests)


@functools.cache
def compiled(using: str, count: int) -> "CompiledLookup":
    return CompiledLookup(using, count)


class CompiledLookup:
    def __init__(self, using: str, count: int) -> None:
        placeholders = [number.to_bytes(DIGEST_BYTES, "big") for number in range(count)]
        queryset = Token.objects.using(using).with_surroundings().filter(digest__in=placeholders).only(*LOADED)
        compiler = queryset.query.get_compiler(using)
        self.sql, self.parameters = compiler.as_sql()
        self.places = [place for place, value in enumerate(self.parameters) if bytes_of(value) in placeholders]
        self.statement = self.statement_of(compiler)
        self.converters = [
            (position, quickest(functions, expression, compiler.connection))
            for position, (functions, expression) in compiler.get_converters(
                [column[0] for column in compiler.select]
            ).items()
        ]
        assert compiler.klass_info is not None  # noqa: S101
        self.shape = Shape(compiler.klass_info, compiler.select, using)
        (self.seat_end,) = compiler.annotation_col_map.values()
        self.known: Recent[bytes, Known] = Recent(most=MOST_KNOWN)

    def statement_of(self, compiler: Any) -> Any:
        if compiler.connection.vendor == "sqlite":
            from config.sqlite_statement import Statement

            columns = [column[0] for column in compiler.select]
            binary = {place for place, column in enumerate(columns) if isinstance(column.output_field, BinaryField)}
            return Statement(self.sql, self.parameters, self.places, columns=len(columns), binary=binary)
        from config.postgresql.statement import Statement as Prepared

        return Prepared(self.sql, self.parameters, self.places)

    def find(self, connection: Any, digests: list[bytes]) -> Token | None:
        if connection.queries_logged or connection.execute_wrappers or not self.statement.suits(connection):
            return self.find_watched(connection, digests)
        with connection.wrap_database_errors:
            row = self.statement.fetch(connection, digests)
        if row is None:
            return None
        known = self.known.get(digests[0])
        if known is None or known.row != row:
            known = self.known[digests[0]] = self.learn(row, self.statement.load(connection, row))
        return self.made(known)

    def find_watched(self, connection: Any, digests: list[bytes]) -> Token | None:
        """By Django's cursor, where somebody looks on or the driver alone would not do."""
        parameters = list(self.parameters)
        for place, digest in zip(self.places, digests, strict=True):
            parameters[place] = digest
        with connection.cursor() as cursor:
            cursor.execute(self.sql, parameters)
            row = cursor.fetchone()
        return self.made(self.learn(row, row)) if row else None

    def learn(self, row: Any, loaded: Sequence[Any]) -> Known:
        values = list(loaded)
        for position, convert in self.converters:
            if values[position] is not None:
                values[position] = convert(values[position])
        facts = self.shape.facts(values)
        facts["owner_seat_ends_at"] = values[self.seat_end]
        facts["clearances"] = Clearances()
        return Known(row, values, facts)

    def made(self, known: Known) -> Token:
        """The same objects that the queryset would have given, for one call alone."""
        token: Token = self.shape.instance(known.facts.copy(), known.values)
        if "withheld" not in known.facts:
            known.facts["withheld"] = token.withheld
        return token


def bytes_of(parameter: Any) -> bytes | None:
    """What a driver was given to bind, if it is bytes: psycopg wraps them."""
    value = getattr(parameter, "obj", parameter)
    return bytes(value) if isinstance(value, bytes | memoryview) else None
