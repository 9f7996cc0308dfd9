"""What the API says of itself, for generators of clients and for linters."""

import json
from typing import Any

import pytest
import schemathesis
from django.test import Client

from tokens.api.description import TAGS


@pytest.fixture
def description(db: None) -> Any:
    return Client().get("/api/v1/openapi.json").json()


def operations(description: Any) -> dict[str, Any]:
    return {
        f"{method} {path}": operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def test_it_is_valid_openapi(description: Any) -> None:
    schemathesis.openapi.from_dict(description).validate()


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag(description: Any) -> None:
    found = operations(description).values()

    assert len({operation["operationId"] for operation in found}) == len(found)
    assert all(operation["summary"] and operation["description"].endswith(".") for operation in found)
    assert {tag for operation in found for tag in operation["tags"]} == set(TAGS)
    assert [tag["name"] for tag in description["tags"]] == list(TAGS)


def test_every_operation_says_which_permission_it_needs_or_that_it_needs_none(description: Any) -> None:
    """A token's own affairs need one and no permission; an empty list would be for anybody."""
    for name, operation in operations(description).items():
        assert isinstance(operation["security"], list), name
        for way in operation["security"]:
            assert set(way) <= set(description["components"]["securitySchemes"]), name


def test_every_error_is_the_one_shape_said_once(description: Any) -> None:
    for name, operation in operations(description).items():
        errors = {status: said for status, said in operation["responses"].items() if status >= "400"}
        assert {"400", "401", "403", "429"} <= set(errors), name
        assert all(list(said) == ["$ref"] for said in errors.values()), name
        references = [said["$ref"].rpartition("/")[2] for said in errors.values()]
        assert set(references) <= set(description["components"]["responses"]), name
    for response in description["components"]["responses"].values():
        (content,) = response["content"].items()
        assert content[0] == "application/problem+json"
        assert content[1]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_every_place_in_an_address_is_described(description: Any) -> None:
    for name, operation in operations(description).items():
        told = {place["name"] for place in operation.get("parameters", []) if place["in"] == "path"}
        assert {part[1:-1] for part in name.split("/") if part.startswith("{")} == told, name


def test_nothing_is_described_that_nobody_refers_to(description: Any) -> None:
    text = json.dumps(description)

    assert [name for name in description["components"]["schemas"] if f'schemas/{name}"' not in text] == []
