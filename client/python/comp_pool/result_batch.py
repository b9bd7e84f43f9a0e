"""Results that are posted together: a line for each in the request, an outcome for each in the response."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from comp_pool.errors import ForeignResponse, MissingLink, PoolError
from comp_pool.links import Document, resolve
from comp_pool.response import Response


@dataclass(frozen=True)
class PostedResult:
    """The outcome of one result: the address of the stored result, or the error with which the pool refused it."""

    location: str = ""
    error: PoolError | None = None


def encode_line(variable: Document, result: str, run_seconds: float | None) -> bytes:
    """Return the line of a result, which is JSON text."""
    link = variable.href("post_result")
    if link is None:
        raise MissingLink("post_result", variable.address)
    # Between the values of a JSON text a newline is white space; here it would end the line.
    parts = ['{"post_result":', json.dumps(link), ',"result":', result.replace("\n", " ")]
    if run_seconds is not None:
        parts.append(f',"run_seconds":{run_seconds:.6f}')
    return ("".join(parts) + "}\n").encode()


def read_outcomes(response: Response, variables: Sequence[Document]) -> list[PostedResult]:
    """Return the outcome of each result; raise ForeignResponse where they are not those of these variables."""
    outcomes = response.document.get("outcomes")
    if response.status != 200 or not isinstance(outcomes, list) or len(outcomes) != len(variables):
        raise ForeignResponse(response.status, "no outcomes of these results", response.retry_after)
    return [_outcome(response, *pair) for pair in zip(outcomes, variables, strict=True)]


def _outcome(response: Response, outcome: Any, variable: Document) -> PostedResult:
    if isinstance(outcome, dict):
        location, problem = outcome.get("location"), outcome.get("problem")
        if outcome.get("status") == 201 and isinstance(location, str):
            return PostedResult(_location(response, location, variable))
        if isinstance(outcome.get("status"), int) and outcome["status"] >= 300 and isinstance(problem, dict):
            return PostedResult(error=PoolError.from_problem(outcome["status"], problem, _retry_after(outcome)))
    raise ForeignResponse(response.status, "no outcome of a result")


def _location(response: Response, location: str, variable: Document) -> str:
    try:
        address = resolve(response.address, location)
        results = variable.link("post_result").partition("?")[0] + "/"
        if address.startswith(results):
            return address
    except ValueError:  # An invalid URL, such as "http://[".
        pass
    raise ForeignResponse(response.status, "a response about another variable")


def _retry_after(outcome: dict[str, Any]) -> float | None:
    seconds = outcome.get("retry_after")
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    return max(0.0, float(seconds)) if is_number else None  # type: ignore[arg-type]
