"""How the API describes itself: OpenAPI 3.1, every status of every operation, each error declared once."""

import json
from http import HTTPStatus
from typing import Any

from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from tokens import refusals
from tokens.api.authorization import security_schemes
from tokens.api.organization.access import governs
from tokens.api.schemas import Problem
from tokens.problems import CONTENT_TYPE, problem_of
from tokens.protect.ninja import scopes_of
from tokens.refusals import Refusal, Refused

TAGS = {
    "Account": "The person whom a token stands for.",
    "This token": "What any token may do with itself.",
    "Tokens": "Your named tokens.",
    "Other services": "How services of yours check the tokens of their callers, and what anybody may do with a text.",
    "Organization": "What you administer. For administrators, as everything below.",
    "Tokens of an organization": "Every token on its licenses.",
    "Members": "Licenses and who holds them, service accounts, invitations.",
    "Policy": "What every token of an organization has to keep to.",
    "Audit log": "Who did what.",
}
REFUSALS = [value for value in vars(refusals).values() if isinstance(value, Refusal)]
TITLES = {
    404: ("not_found", "There is nothing here."),
    409: ("act_refused", "This is not possible."),
    412: ("precondition_failed", "This is not possible."),
    411: ("length_required", "Length Required."),
    413: ("content_too_large", "Content Too Large."),
    415: ("unsupported_media_type", "Unsupported Media Type."),
    428: ("precondition_required", "This is not possible."),
    422: ("invalid_request", "The request is not valid."),
}


class Description(OpenAPISchema):
    def responses(self, operation: Operation) -> dict[int, Any]:
        """What the operation names itself, and what follows from how it is called."""
        described = super().responses(operation)
        declared = {status for status, model in operation.response_models.items() if is_problem(model)}
        statuses = declared | implied_statuses(operation)
        errors = {status: {"$ref": f"#/components/responses/{name_of(status)}"} for status in statuses}
        return dict(sorted((described | errors).items()))

    def _extract_parameters(self, model: Any) -> list[dict[str, Any]]:
        """Ninja repeats the examples of a schema, a list, where OpenAPI has named ones; they stay in the schema."""
        parameters = super()._extract_parameters(model)
        for parameter in parameters:
            parameter.pop("examples", None)
        return parameters

    def operation_security(self, operation: Operation) -> list[dict[str, Any]]:
        """Any one of the ways to send a credential; an empty list where none is needed."""
        return [{name: scopes_of(operation)} for name in security_schemes()] if operation.auth_callbacks else []

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        details = super().operation_details(operation)
        details["security"] = self.operation_security(operation)
        details.setdefault("description", f"{details['summary']}.")
        return details

    def get_paths(self) -> dict[str, Any]:
        self.described_paths: dict[str, Any] = super().get_paths()
        return self.described_paths

    def get_components(self) -> dict[str, Any]:
        """Without the schemas of queries, which ninja writes out parameter by parameter besides."""
        self.add_schema_definitions(problem_schemas())
        told = json.dumps([self.described_paths, self.schemas], default=str)
        unused = [name for name in self.schemas if f'schemas/{name}"' not in told and name != "Problem"]
        for name in unused:
            del self.schemas[name]
        used = sorted(set(TITLES) | {refusal.status for refusal in REFUSALS})
        return {
            "schemas": self.schemas,
            "responses": {name_of(status): described_error(status) for status in used},
            "securitySchemes": security_schemes(),
        }


def is_problem(model: Any) -> bool:
    field = getattr(model, "model_fields", {}).get("response")
    return field is not None and field.annotation is Problem


def implied_statuses(operation: Operation) -> set[int]:
    """400: an unreadable request. Who brings a token that is not good is refused also where none is needed."""
    sources = {model.__ninja_param_source__ for model in operation.models}
    statuses = {400, 401, 403, 429}
    if sources & {"query", "header", "body", "form"}:
        statuses.add(422)
    if sources & {"body", "form"}:
        statuses |= {411, 413, 415}
    if any(isinstance(auth, governs) for auth in operation.auth_callbacks):
        statuses.add(404)
    return statuses


def name_of(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")


def described_error(status: int) -> dict[str, Any]:
    examples = {refusal.code: {"value": example(refusal)} for refusal in REFUSALS if refusal.status == status}
    if status in TITLES:
        code, title = TITLES[status]
        examples[code] = {"value": {"type": "about:blank", "title": title, "status": status, "code": code}}
    headers = {}
    if status in {400, 401, 403}:
        headers["WWW-Authenticate"] = header("The challenge of RFC 6750, section 3.", "string")
    if status == 429:
        headers["Retry-After"] = header("Seconds until the next call has a chance.", "integer")
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}}
    return {"description": f"{HTTPStatus(status).phrase}.", "headers": headers, "content": content}


def example(refusal: Refusal) -> Any:
    return json.loads(problem_of(Refused(refusal)).content)


def header(description: str, kind: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


def problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}
