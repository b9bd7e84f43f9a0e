"""The fields of a job, each with the check of a posted value. Every error names the field."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pool.errors import Invalid
from storage.base import Document

Check = Callable[[str, Any], None]

# Representations add these fields: a document with fields of these names would collide.
RESERVED = ("_links", "_embedded")
STATES = ("open", "paused")
# The state of a stranger's job until the operator agrees to it: nobody can ask for it.
REVIEW = "review"
FUNCTIONS = (
    "execute_function",
    "validate_result",
    "validate_variable",
    "variable_scheduler",
    "compare_results",
    "render",
)
# Functions that volunteers and watchers run, in a sandbox of their own.
CLIENT_FUNCTIONS = ("execute_function", "render")
# The requirement of a job whose `execute_function` the server's own engine can't parse.
BROWSER_SYNTAX = "browser_syntax"
# The requirement of a job with variables that are no objects: earlier clients would compute them as `{}`.
JSON_VARIABLES = "json_variables"
DEFAULT_SETTINGS: Document = {"lease_seconds": 300, "max_errors": 5, "require_lease": False, "lossy": False}
MAX_NAME = 200
MAX_METADATA = 1 << 18
MAX_FUNCTION = 1 << 20
# Everyone who looks at the job loads it.
MAX_RENDER = 1 << 16


def require_object(field: str, value: Any) -> Document:
    if not isinstance(value, dict):
        raise Invalid(field, f"must be an object, not {kind(value)}")
    return value


def require_text(field: str, value: Any, longest: int = 10_000) -> str:
    if not isinstance(value, str):
        raise Invalid(field, f"must be a string, not {kind(value)}")
    if not value.strip():
        raise Invalid(field, "must not be empty")
    if len(value) > longest:
        raise Invalid(field, f"must have at most {longest} characters")
    return value


def refuse_reserved(document: Document) -> None:
    for name in RESERVED:
        if name in document:
            raise Invalid(name, "is reserved")


def refuse_unknown(document: Document, known: tuple[str, ...], prefix: str = "") -> None:
    for name in document:
        if name not in known:
            raise Invalid(f"{prefix}{name}", f"unknown field; the fields are {', '.join(known)}")


def _number(low: float, high: float) -> Check:
    def check(field: str, value: Any) -> None:
        # In Python True is an int, in JSON it is no number.
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Invalid(field, f"must be a number, not {kind(value)}")
        if not low <= value <= high:
            raise Invalid(field, f"must be from {low} to {high}")

    return check


def _count(low: int, high: int) -> Check:
    def check(field: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid(field, "must be a whole number")
        _number(low, high)(field, value)

    return check


def _flag(field: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise Invalid(field, f"must be true or false, not {kind(value)}")


# The numbers of each policy of `settings.trust`: check and default. `pool/trust/policy.py` says what they mean.
_ANSWERS: dict[str, tuple[Check, float]] = {
    "quorum": (_count(2, 10), 2),
    "most": (_count(2, 30), 6),
    "same_address_seconds": (_number(0, 30 * 86_400), 3600),
}
TRUST: dict[str, dict[str, tuple[Check, float]]] = {
    "none": {},
    "validator": {},
    "audit": {
        "every": (_count(1, 1000), 20),
        "checks": (_count(1, 1000), 1),
        "idle_seconds": (_number(1, 86_400), 60),
        "most": (_count(2, 30), 6),
        "same_address_seconds": (_number(0, 30 * 86_400), 3600),
    },
    "quorum": _ANSWERS,
    "adaptive": {**_ANSWERS, "trusted_after": (_count(1, 10_000), 10)},
}
# Of two numbers the first may not be larger.
_ORDERED = (("checks", "every"), ("quorum", "most"))


def trust_defaults(policy: str) -> dict[str, Any]:
    return {name: default for name, (_, default) in TRUST[policy].items()}


def _trust(field: str, value: Any) -> None:
    given = require_object(field, value)
    policy = given.get("policy")
    if not isinstance(policy, str) or policy not in TRUST:
        raise Invalid(f"{field}.policy", f"must be one of {', '.join(TRUST)}")
    refuse_unknown(given, ("policy", *TRUST[policy]), f"{field}.")
    for name, (check, _) in TRUST[policy].items():
        if name in given:
            check(f"{field}.{name}", given[name])
    numbers = {**trust_defaults(policy), **given}
    for low, high in _ORDERED:
        if low in numbers and high in numbers and numbers[low] > numbers[high]:
            raise Invalid(f"{field}.{low}", f"must not be larger than {high} ({numbers[high]})")


_SETTINGS: dict[str, Check] = {
    "trust": _trust,
    "lease_seconds": _number(1, 30 * 86_400),
    "max_errors": _count(1, 100),
    "require_lease": _flag,
    "lossy": _flag,
}


def settings(value: Any) -> Document:
    """The settings of a job, with defaults for missing ones."""
    given = require_object("settings", value)
    refuse_unknown(given, tuple(_SETTINGS), "settings.")
    for name, setting in given.items():
        _SETTINGS[name](f"settings.{name}", setting)
    return {**DEFAULT_SETTINGS, **given}


def is_lossy(job: Document) -> bool:
    """Whether results may lose what JSON can't represent. Jobs of earlier versions have no such setting."""
    return bool(job["settings"].get("lossy", False))


_REQUIREMENTS: dict[str, Check] = {
    "webgpu": _flag,
    "wasm": _flag,
    "wasm_simd": _flag,
    BROWSER_SYNTAX: _flag,
    JSON_VARIABLES: _flag,
    "memory_mb": _count(1, 1 << 16),
}


def requirements(value: Any) -> Document:
    """The requirements of a job; ``false`` means the same as a missing field."""
    given = require_object("requirements", value)
    refuse_unknown(given, tuple(_REQUIREMENTS), "requirements.")
    for name, requirement in given.items():
        _REQUIREMENTS[name](f"requirements.{name}", requirement)
    # So that `false` and a missing field are stored alike.
    return {name: requirement for name, requirement in given.items() if requirement is not False}


def has_json_variables(job: Document) -> bool:
    """Whether variables of the job may be any JSON value, and no objects alone."""
    return bool(job["requirements"].get(JSON_VARIABLES, False))


# Texts by locale, and their longest.
_LOCALISED = {"title": MAX_NAME, "description": 10_000, "short_description": 10_000}


def metadata(value: Any, name: str) -> Document:
    """The metadata of a job; its `name` is the job's name."""
    given = require_object("metadata", value)
    if given.get("name", name) != name:
        raise Invalid("metadata.name", "must be the job's name")
    if "owner" in given:
        require_text("metadata.owner", given["owner"], MAX_NAME)
    for field, longest in _LOCALISED.items():
        for locale, text in require_object(f"metadata.{field}", given.get(field, {})).items():
            require_text(f"metadata.{field}.{locale}", text, longest)
    # Metadata is part of every served job and listing.
    if len(json.dumps(given)) > MAX_METADATA:
        raise Invalid("metadata", f"must have at most {MAX_METADATA} characters as JSON")
    return {"name": name, **given}


def function(name: str, value: Any) -> str:
    """The source text of a function of a job."""
    return require_text(name, value, MAX_RENDER if name == "render" else MAX_FUNCTION)


def state(value: Any) -> str:
    if value not in STATES:
        raise Invalid("state", f"must be one of {', '.join(STATES)}")
    return str(value)


def kind(value: Any) -> str:
    """The JSON type of a value, with its article."""
    if value is None:
        return "null"
    names = ((bool, "a boolean"), ((int, float), "a number"), (str, "a string"), (list, "an array"))
    return next((name for types, name in names if isinstance(value, types)), "an object")
