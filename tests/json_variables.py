"""A job whose variables are JSON values of every type, and what volunteers must have computed of them."""

from __future__ import annotations

from typing import Any

from tests.serving import Served

VALUES: list[Any] = [5, 0, -0.5, "text", "", "7", [1, [2]], [], None, True, False, {"n": 1}, {}]
EXECUTE = "(variable) => ({ result: [variable === null ? 'null' : typeof variable, variable] })"
VALIDATE = "(variable, result) => result === undefined || JSON.stringify(result[1]) === JSON.stringify(variable)"
TYPES = {"int": "number", "float": "number", "str": "string", "bool": "boolean", "NoneType": "null"}


def post_json_variables(server: Served) -> str:
    """Posts the job; returns its path."""
    job = {"name": "Any", "execute_function": EXECUTE, "validate_result": VALIDATE}
    path = str(server.post("/jobs", job)["_links"]["self"])
    for number, value in enumerate(VALUES):
        server.post(f"{path}/variables/v{number:02}", value, "PUT")
    return path


def results(server: Served, job: str) -> list[Any]:
    return [item["result"] for item in server.get(f"{job}/results?order=input")["_embedded"]["items"]]


def expected() -> list[Any]:
    return [[TYPES.get(type(value).__name__, "object"), value] for value in VALUES]
