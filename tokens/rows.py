"""From a row of several tables to instances of their models, each made when somebody asks for it."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import JSONField, Model
from django.db.models.base import ModelState

Values = list[Any]


class Shape:
    """Where the columns of one model stand in a row, and under which names others of the row hang on it."""

    def __init__(self, info: Any, select: Any, using: str) -> None:
        self.model: type[Model] = info["model"]
        self.using = using
        positions = info["select_fields"]
        fields = [select[position][0].target for position in positions]
        self.names = [field.attname for field in fields]
        self.lists = [field.attname for field in fields if isinstance(field, JSONField)]
        self.first, self.end = positions[0], positions[-1] + 1
        self.key = self.first + self.names.index(self.model._meta.pk.attname)
        self.related: dict[str, Shape] = {}
        for part in info.get("related_klass_infos", []):
            here, there = names_of(part)
            self.related[here] = other = Shape(part, select, using)
            if there:
                other.related[there] = self

    def build(self, values: Values) -> Any:
        """None where the row has nothing of this model."""
        return None if values[self.key] is None else self.instance(self.facts(values), values)

    def facts(self, values: Values) -> dict[str, Any]:
        return dict(zip(self.names, values[self.first : self.end]))  # noqa: B905 - of one length

    def instance(self, facts: dict[str, Any], values: Values) -> Any:
        """As `from_db` makes it, without its signals, which nobody listens to here. It may change what it gets."""
        instance = self.model.__new__(self.model)
        instance.__dict__ = facts
        for name in self.lists:
            facts[name] = list(facts[name])
        instance._state = state = ModelState()
        state.db, state.adding, state.fields_cache = self.using, False, Related(self, values)
        return instance


class Related(dict[str, Any]):
    """The `fields_cache` of an instance, in which Django looks for those that belong to it."""

    __slots__ = ("row", "shapes")

    def __init__(self, shape: Shape, values: Values) -> None:
        self.shapes, self.row = shape.related, values

    def __missing__(self, name: str) -> Any:
        self[name] = other = self.shapes[name].build(self.row)
        return other

    def __contains__(self, name: object) -> bool:
        return name in self.shapes or super().__contains__(name)

    def __delitem__(self, name: str) -> None:
        """Not to be made again: Django takes out what is no longer so. The others stay as they were read."""
        for other in self.shapes:
            self[other]
        self.shapes = {}
        super().__delitem__(name)


def names_of(part: Any) -> tuple[str, str]:
    """Under which name each of two that belong together remembers the other; "" where it may belong to many."""
    field = part["field"]
    here, there = field.cache_name, field.remote_field.cache_name if field.unique else ""
    return (there, here) if part["reverse"] else (here, there)


def quickest(functions: list[Callable[..., Any]], expression: Any, connection: Any) -> Callable[[Any], Any]:
    """What turns a stored value into the field's own; for what most rows have, without the detours of the general."""
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
