"""The parts that administrators' schemas are made of."""

from collections.abc import Iterable
from typing import Any

from ninja import Field, Schema
from pydantic_core import CoreSchema, core_schema

from tokens.filters import Filter


class OneOf:
    """An annotation: one of some words that are known when the house is built, and said in the description."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = [word for word in words if word]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.literal_schema(self.words)


def choices_of(filter: type[Filter], name: str) -> OneOf:
    """The words that a filter of the pages understands."""
    field: Any = filter.base_fields[name]
    return OneOf(value for value, _ in field.choices)


class Person(Schema):
    """A member, or a service account."""

    id: int
    name: str = Field(examples=["Alice Holm"])
    email: str = Field(description="Empty for a service account and for a closed account.")
    is_service_account: bool
