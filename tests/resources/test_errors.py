"""Errors as problem documents: the status and kind of every exception, and what else the document has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import falcon
import pytest
from falcon.testing import TestClient

from pool import errors as pool
from pool.sandbox import SandboxBusy
from resources import errors
from resources.error_page import ErrorPage
from storage import errors as storage

INVALID = pool.Invalid("field", "reason")
EXPECTED: list[tuple[Exception, int, str]] = [
    (INVALID, 422, "invalid"),
    (pool.InvalidFlow([INVALID]), 422, "invalid"),
    (pool.NameTaken("job"), 409, "name-taken"),
    (pool.UnknownKey("text"), 401, "key"),
    (pool.Forbidden("text"), 403, "forbidden"),
    (pool.BadLease("text"), 403, "lease"),
    (pool.Finished("text"), 409, "finished"),
    (pool.Withdrawn("text"), 410, "withdrawn"),
    (pool.Rejected("text", failed=False), 422, "rejected"),
    (pool.NotKept("text"), 410, "not-kept"),
    (pool.Conflict("text"), 409, "conflict"),
    (pool.LimitReached("text", 5), 429, "limit"),
    (pool.Blocked("text"), 403, "blocked"),
    (pool.InProgress("text"), 503, "in-progress"),
    (pool.QuotaReached("text", is_of_all=True), 507, "limit"),
    (pool.UnknownCode("text"), 404, "not-found"),
    (pool.Changed("text"), 412, "changed"),
    (pool.UnknownScheduler("s"), 404, "not-found"),
    (storage.NotFound("job", "j"), 404, "not-found"),
    (storage.AlreadyExists("job", "j"), 409, "exists"),
    (storage.InvalidId("job", "J", "text"), 422, "id"),
    (storage.InvalidCursor("c"), 400, "cursor"),
    (storage.LeaseLost("v"), 409, "lease-lost"),
    (storage.StorageFull("text"), 507, "storage-full"),
    (SandboxBusy(), 503, "busy"),
]
# Bugs or failing disks, if a request meets them.
UNEXPECTED = [
    RuntimeError("a secret"),
    OSError(5, "a secret"),
    storage.Damaged("/a/secret"),
    storage.AlreadyFinished("v", {"a": "secret"}),
    storage.AlreadyHeld("v"),
    storage.StorageError("a secret"),
]
Answer = Callable[..., Any]


class Failing:
    def __init__(self) -> None:
        self.error: Exception = RuntimeError()

    def on_get(self, _req: falcon.Request, _resp: falcon.Response, **_params: str) -> None:
        raise self.error

    on_put = on_post = on_patch = on_delete = on_get


@pytest.fixture
def answer() -> Answer:
    """The response to a request that raises an error."""
    app, resource = falcon.App(), Failing()
    errors.install(app, ErrorPage("Pool"))
    app.add_route("/{name}", resource)
    client = TestClient(app)

    def answer(error: Exception, method: str = "POST", path: str = "/failing") -> Any:
        resource.error = error
        return client.simulate_request(method, path)

    return answer


@pytest.mark.parametrize(("error", "status", "kind"), EXPECTED, ids=lambda value: type(value).__name__)
def test_an_error_has_its_status_and_kind(answer: Answer, error: Exception, status: int, kind: str) -> None:
    response = answer(error)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (response.status_code, response.json["status"]) == (status, status)
    assert response.json["type"] == f"urn:comp-pool:{kind}"
    assert response.json["title"]
    assert response.json["detail"] == (str(error) or "the sandbox is busy: retry in a moment")


def test_every_error_of_the_pool_is_expected() -> None:
    known = {type(error) for error, _, _ in EXPECTED}
    assert {
        error for error in vars(pool).values() if isinstance(error, type) and error.__module__ == "pool.errors"
    } == {error for error in known if error.__module__ == "pool.errors"} | {pool.PoolError}


@pytest.mark.parametrize(("seconds", "shortest", "longest"), [(0.001, 1, 1), (5, 5, 6), (600, 600, 720)])
def test_a_limit_has_the_time_after_which_to_retry(answer: Answer, seconds: float, shortest: int, longest: int) -> None:
    waits = {int(answer(pool.LimitReached("text", seconds)).headers["Retry-After"]) for _ in range(20)}
    assert shortest <= min(waits)
    assert max(waits) <= longest


@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
def test_any_other_error_is_a_500_that_says_nothing_and_logs_everything(
    answer: Answer, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    response = answer(error)
    assert (response.status_code, response.json["type"]) == (500, "urn:comp-pool:internal")
    assert "secret" not in response.text
    assert "POST '/failing' failed" in caplog.text
    assert type(error).__name__ in caplog.text


def test_a_path_writes_no_line_of_its_own_into_the_log(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    answer(RuntimeError(), path="/a%0AERROR the operator's key was changed")
    assert "\nERROR" not in caplog.text


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 404), ("PATCH", 404), ("DELETE", 404), ("PUT", 422), ("POST", 422)]
)
def test_an_invalid_id_is_404_where_nothing_would_be_created(answer: Answer, method: str, status: int) -> None:
    assert answer(storage.InvalidId("job", "J", "text"), method).status_code == status


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (pool.UnknownKey("text"), "WWW-Authenticate", 'Bearer realm="comp-pool"'),
        (SandboxBusy(), "Retry-After", "3"),
        (storage.StorageFull("text"), "Retry-After", "60"),
    ],
)
def test_some_errors_have_a_header(answer: Answer, error: Exception, header: str, value: str) -> None:
    assert answer(error).headers[header] == value


@pytest.mark.parametrize(
    ("error", "members"),
    [
        (pool.NameTaken("job"), {"field": "name", "_links": {"holder": "/jobs/job"}}),
        (pool.Invalid("field", "reason", "said"), {"field": "field", "console": "said"}),
        (pool.Rejected("text", failed=True), {"failed": True}),
        (pool.InvalidFlow([INVALID]), {"errors": [{"path": "field", "reason": "reason"}]}),
        (INVALID, {"field": "field"}),
        (pool.Invalid("", "reason"), {}),
    ],
)
def test_some_errors_have_further_members(answer: Answer, error: Exception, members: dict[str, Any]) -> None:
    document = answer(error).json
    assert {name: document[name] for name in document.keys() - {"type", "title", "status", "detail"}} == members


def test_at_most_a_hundred_problems_of_a_flow_are_listed(answer: Answer) -> None:
    assert len(answer(pool.InvalidFlow([INVALID] * 101)).json["errors"]) == 100


def test_errors_of_falcon_are_problems_too(answer: Answer) -> None:
    response = answer(falcon.HTTPNotFound())
    assert (response.status_code, response.json["type"]) == (404, "urn:comp-pool:http")
    assert response.json["detail"] == "no resource at '/failing'"
    assert answer(falcon.HTTPUnsupportedMediaType(description="text")).json["detail"] == "text"
