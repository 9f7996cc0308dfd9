"""From digests to a token with all that decides about it, in one query.

Building and compiling the same queryset on every call costs more than running it, and building whole instances as much
again. So the ORM compiles the look-up once for each database and number of digests; the call runs that SQL with its own
digests and puts what came into instances directly. The queryset stays the one source of the SQL.
"""

import functools
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connections
from django.db.models import Model
from django.db.models.base import ModelState

from tokens.models import Token

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

Row = tuple[Any, ...]


def find_token(digests: list[bytes], using: str = "default") -> Token | None:
    """The token with one of the digests, its owner, license and organization loaded. At most one has any of them."""
    lookup = compiled(using, len(digests))
    row = lookup.fetch(connections[using], lookup.parameters(digests))
    return lookup.build(row) if row else None


@functools.cache
def compiled(using: str, count: int) -> "CompiledLookup":
    return CompiledLookup(using, count)


class CompiledLookup:
    def __init__(self, using: str, count: int) -> None:
        placeholders = [number.to_bytes(DIGEST_BYTES, "big") for number in range(count)]
        queryset = Token.objects.using(using).with_surroundings().filter(digest__in=placeholders).only(*LOADED)
        compiler = queryset.query.get_compiler(using)
        sql, values = compiler.as_sql()
        converters = compiler.get_converters([column[0] for column in compiler.select])
        # Named, because drivers put named parameters into a long statement several times faster than nameless ones.
        names = [f"p{position}" for position in range(len(values))]
        self.sql = sql % tuple(f"%({name})s" for name in names)
        self.constants = dict(zip(names, values, strict=True))
        self.execute = self.execute_in_postgresql
        if compiler.connection.vendor == "sqlite":
            self.native, self.execute = sql % tuple(f":{name}" for name in names), self.execute_in_sqlite
        self.places = [name for name, value in self.constants.items() if bytes_of(value) in placeholders]
        self.converters = [
            (position, quickest(functions, expression, compiler.connection))
            for position, (functions, expression) in converters.items()
        ]
        assert compiler.klass_info is not None  # noqa: S101
        self.token = Shape(compiler.klass_info, compiler.select, using)
        (self.seat_end,) = compiler.annotation_col_map.values()

    def parameters(self, digests: list[bytes]) -> dict[str, Any]:
        """Those that the SQL was compiled with, the digests in the places kept for them."""
        return self.constants | dict(zip(self.places, digests, strict=True))

    def fetch(self, connection: Any, parameters: dict[str, Any]) -> Row | None:
        """By the driver, which prepares the statement and keeps it; by Django's cursor where somebody watches."""
        if connection.queries_logged or connection.execute_wrappers or connection.connection is None:
            with connection.cursor() as cursor:
                cursor.execute(self.sql, parameters)
                return cursor.fetchone()
        with connection.wrap_database_errors:
            return self.execute(connection.connection, parameters)

    def execute_in_sqlite(self, driver: Any, parameters: dict[str, Any]) -> Row | None:
        return driver.execute(self.native, parameters).fetchone()

    def execute_in_postgresql(self, driver: Any, parameters: dict[str, Any]) -> Row | None:
        from psycopg import Cursor

        return Cursor(driver).execute(self.sql, parameters, prepare=True).fetchone()

    def build(self, row: Row) -> Token:
        """The same objects that the queryset would have given."""
        values = list(row)
        for position, convert in self.converters:
            if values[position] is not None:
                values[position] = convert(values[position])
        token: Token = self.token.build(values)
        token.owner_seat_ends_at = values[self.seat_end]
        return token


class Shape:
    """Where the columns of one model stand in a row, and those of the models that hang on it."""

    def __init__(self, info: Any, select: Any, using: str) -> None:
        self.model: type[Model] = info["model"]
        positions = info["select_fields"]
        self.names = [select[position][0].target.attname for position in positions]
        self.first, self.end = positions[0], positions[-1] + 1
        self.key = self.first + self.names.index(self.model._meta.pk.attname)
        self.using = using
        self.related = [(*names_of(part), Shape(part, select, using)) for part in info.get("related_klass_infos", [])]

    def build(self, values: list[Any]) -> Any:
        """An instance as `from_db` makes it, without its signals, which nobody listens to here; or None."""
        if values[self.key] is None:
            return None
        instance = self.model.__new__(self.model)
        state = ModelState()
        state.db, state.adding, state.fields_cache = self.using, False, (loaded := {})
        instance.__dict__ = dict(zip(self.names, values[self.first : self.end]))  # noqa: B905 - of one length
        instance._state = state
        for name, name_there, shape in self.related:
            loaded[name] = other = shape.build(values)
            if other is not None and name_there:
                other._state.fields_cache[name_there] = instance
        return instance


def names_of(part: Any) -> tuple[str, str]:
    """Under which name each of two that belong together remembers the other; "" where it may belong to many."""
    field = part["field"]
    here, there = field.cache_name, field.remote_field.cache_name if field.unique else ""
    return (there, here) if part["reverse"] else (here, there)


def quickest(functions: list[Callable[..., Any]], expression: Any, connection: Any) -> Callable[[Any], Any]:
    """What turns a stored value into the field's own; for what most calls have, without the detours of the general."""
    known = QUICK.get(tuple(function.__qualname__ for function in functions)) if connection.vendor == "sqlite" else None

    def convert(value: Any) -> Any:
        for function in functions:
            value = function(value, expression, connection)
        return value

    return known or convert


def moment(text: str) -> datetime:
    """SQLite keeps moments in UTC, as text that does not say so."""
    return datetime.fromisoformat(f"{text}+00:00")


def from_json(text: str) -> Any:
    return [] if text == "[]" else json.loads(text)


QUICK: dict[tuple[str, ...], Callable[[Any], Any]] = {
    ("DatabaseOperations.convert_datetimefield_value",): moment,
    ("DatabaseOperations.convert_booleanfield_value",): bool,
    ("JSONField.from_db_value",): from_json,
}


def bytes_of(parameter: Any) -> bytes | None:
    """What a driver was given to bind, if it is bytes: psycopg wraps them."""
    value = getattr(parameter, "obj", parameter)
    return bytes(value) if isinstance(value, bytes | memoryview) else None
