"""Variables with ids of the caller's choice, one per line of NDJSON: `{"id": …, "variable": …}`."""

from __future__ import annotations

from typing import Any

import falcon

from pool.errors import Invalid
from pool.fields import refuse_unknown, require_object
from resources import body
from resources.errors import Problem
from resources.representation import NDJSON

# Of a line beside its variable: the id, and the names of the fields.
LINE_BYTES = 256
_FIELDS = ("id", "variable")


def read(req: falcon.Request, limit: int, bulk_limit: int) -> tuple[dict[str, Any], list[int]]:
    """The variables by id, and the numbers of their lines. Raises Problem, Invalid."""
    if not body.is_ndjson(req):
        raise Problem(415, "media-type", f"Content-Type: must be {NDJSON}")
    lines = body.read_ndjson(req, bulk_limit, limit + LINE_BYTES, "")
    values: dict[str, Any] = {}
    for number, line in lines.items():
        variable_id, value = _named(f"line {number}", line)
        if variable_id in values:
            raise Invalid(f"line {number}: id", "is that of an earlier line")
        values[variable_id] = value
    return values, list(lines)


def _named(place: str, line: Any) -> tuple[str, Any]:
    fields = require_object(place, line)
    refuse_unknown(fields, _FIELDS, f"{place}: ")
    for name in _FIELDS:
        if name not in fields:
            raise Invalid(f"{place}: {name}", "is missing")
    if not isinstance(fields["id"], str):
        raise Invalid(f"{place}: id", "must be a string")
    return fields["id"], fields["variable"]
