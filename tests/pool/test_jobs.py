"""Jobs: the checks of a posted one, its id, and changes by merge patch; of an invalid one nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from app import Pool
from pool import fields
from pool.errors import Changed, Invalid, NameTaken
from pool.jobs import job_id_of
from pool.keys import Caller
from pool.sandbox import Sandbox, ScriptError
from storage.errors import InvalidCursor
from tests.conftest import EXECUTE

JOB = {"name": "Example job", "execute_function": EXECUTE}
NO_STRINGS: list[Any] = [None, True, 1, 1.5, [], {}]


# Ids


@pytest.mark.parametrize(
    ("name", "job_id"),
    [
        ("Prime count", "prime-count"),
        ("  spaces  ", "spaces"),
        ("example JOB", "example-job"),
        ("Exámple-job!", "example-job"),
        ("Größe & Maß", "grosse-mass"),
        ("Ελληνικά", "ellenika"),
        ("北京", "bei-jing"),
        ("../../etc/passwd", "etc-passwd"),
        ("a_b.c", "a-b-c"),
        ("UPPER", "upper"),
        ("nul\0inside", "nul-inside"),
        ("&#99999999999999999999;x", "99999999999999999999-x"),
        ("con", "con"),
        ("x" * 200, "x" * 80),
        ("x" * 79 + " y", "x" * 79),
    ],
)
def test_the_id_is_the_slug_of_the_name(name: str, job_id: str) -> None:
    assert job_id_of(name) == job_id


@pytest.mark.parametrize("name", ["Index", "index", "scheduled", "Scheduler!", " -index- "])
def test_reserved_ids_are_refused(name: str) -> None:
    with pytest.raises(Invalid, match=r"name: '[a-z]+' is reserved"):
        job_id_of(name)


@pytest.mark.parametrize("name", ["-", "…", "🏊"])
def test_a_name_without_a_letter_or_digit_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="name: needs at least one letter or digit"):
        job_id_of(name)


# Posting


@pytest.fixture
def post(parts: Pool, operator: Caller) -> Any:
    return lambda posted, **options: parts.jobs.post(posted, operator, **options)


def refused(parts: Pool, posted: Any, *named: str) -> None:
    with pytest.raises(Invalid) as caught:
        parts.jobs.post(posted, parts.keys.operator())
    for text in named:
        assert text in str(caught.value)
    assert parts.store.jobs.ids() == []


def test_optional_fields_have_defaults(post: Any) -> None:
    job = post(JOB)
    assert (job["state"], job["settings"], job["requirements"]) == ("open", fields.DEFAULT_SETTINGS, {})
    assert job["metadata"] == {"name": "Example job"}


def test_the_name_can_be_in_the_metadata(post: Any) -> None:
    assert post({"execute_function": EXECUTE, "metadata": {"name": "Inner"}})["name"] == "Inner"


def test_a_stored_job_has_the_digest_of_its_key_and_an_id_of_its_own(parts: Pool, post: Any) -> None:
    first = post(JOB)
    assert first["key"] == parts.keys.operator().key_id
    parts.jobs.delete("example-job", parts.keys.operator())
    assert post(JOB)["uid"] != first["uid"]


@pytest.mark.parametrize("value", [*NO_STRINGS, "", " ", "x" * 201])
def test_an_invalid_name_is_refused(module_parts: Pool, value: Any) -> None:
    refused(module_parts, {**JOB, "name": value}, "name: must")


@pytest.mark.parametrize("missing", ["name", "execute_function"])
def test_name_and_function_are_required(module_parts: Pool, missing: str) -> None:
    refused(module_parts, {name: value for name, value in JOB.items() if name != missing}, f"{missing}: is missing")


@pytest.mark.parametrize("posted", [None, True, 1, "job", []])
def test_a_job_is_an_object(module_parts: Pool, posted: Any) -> None:
    refused(module_parts, posted, "the body: must be an object")


@pytest.mark.parametrize("field", ["id", "key", "uid", "created", "executeFunction", "settings.max_errors"])
def test_unknown_fields_are_refused(module_parts: Pool, field: str) -> None:
    refused(module_parts, {**JOB, field: "x"}, f"{field}: unknown field")


@pytest.mark.parametrize("field", fields.FUNCTIONS)
@pytest.mark.parametrize("source", [None, "  "])
def test_every_function_is_a_text(module_parts: Pool, field: str, source: Any) -> None:
    refused(module_parts, {**JOB, field: source}, f"{field}: must")


@pytest.mark.parametrize("field", fields.FUNCTIONS)
def test_every_function_is_compiled(module_parts: Pool, field: str) -> None:
    source = "function (variable) {\n  return );\n}"
    refused(module_parts, {**JOB, field: source}, f"{field}: ", "line 2, column 10")


@pytest.mark.parametrize(
    ("posted", "named"),
    [
        ({"_links": {}}, "_links: is reserved"),
        ({"state": "closed"}, "state: must be one of"),
        ({"metadata": {"owner": 1}}, "metadata.owner: must"),
        ({"metadata": {"title": {"de": "x" * 201}}}, "metadata.title.de: must have at most 200"),
        ({"render": f"() => 1 // {'x' * fields.MAX_RENDER}"}, "render: must have at most 65536"),
        ({"settings": {"max_errors": 0}}, "settings.max_errors: must"),
        ({"requirements": {"gpu": True}}, "requirements.gpu: unknown field"),
    ],
)
def test_every_field_is_checked(module_parts: Pool, posted: dict[str, Any], named: str) -> None:
    refused(module_parts, {**JOB, **posted}, named)


# The same job twice


def test_a_name_is_taken_by_its_slug(post: Any) -> None:
    post(JOB)
    with pytest.raises(NameTaken) as caught:
        post({**JOB, "name": "Exámple-job!"})
    assert caught.value.job_id == "example-job"


def test_the_same_idempotency_key_stores_one_job(post: Any) -> None:
    assert post(JOB, key="one") == post(JOB, key="one")


@pytest.mark.parametrize(("posted", "key"), [({**JOB, "state": "paused"}, "one"), (JOB, "two"), (JOB, None)])
def test_another_job_or_key_is_a_conflict(post: Any, posted: Any, key: str | None) -> None:
    post(JOB, key="one")
    with pytest.raises(NameTaken):
        post(posted, key=key)


def test_another_caller_with_the_same_idempotency_key_is_a_conflict(parts: Pool, post: Any) -> None:
    post(JOB, key="one")
    other = parts.keys.caller(parts.keys.add("semprebeta"))
    with pytest.raises(NameTaken):
        parts.jobs.post(JOB, other, key="one")


def test_the_idempotency_key_is_stored_as_a_digest(post: Any) -> None:
    assert "a-key-of-mine" not in str(post(JOB, key="a-key-of-mine"))


# Changing


@pytest.fixture
def patch(parts: Pool, operator: Caller) -> Any:
    """Patches a job with fields of its own."""
    posted = {
        "state": "paused",
        "metadata": {"owner": "McOmghall", "description": {"en": "this is a job", "es": "esto es un job"}},
        "settings": {"lease_seconds": 10, "max_errors": 2},
        "requirements": {"webgpu": True, "memory_mb": 512},
    }
    parts.jobs.post({**JOB, **posted}, operator)
    return lambda **changes: parts.jobs.patch("example-job", changes, operator)


def test_metadata_are_merged(patch: Any) -> None:
    description = {"en": "this is a job", "es": "hola"}
    assert patch(metadata={"description": {"es": "hola"}, "more": 1})["metadata"] == {
        "name": "Example job",
        "owner": "McOmghall",
        "description": description,
        "more": 1,
    }


def test_null_removes_metadata(patch: Any) -> None:
    patched = patch(metadata={"owner": None, "description": {"es": None}})["metadata"]
    assert patched == {"name": "Example job", "description": {"en": "this is a job"}}


def test_null_resets_a_setting_to_its_default(patch: Any) -> None:
    settings = patch(settings={"lease_seconds": None})["settings"]
    assert (settings["lease_seconds"], settings["max_errors"]) == (300, 2)


def test_requirements_are_merged(patch: Any) -> None:
    changed = patch(requirements={"memory_mb": 1024, "wasm": True})["requirements"]
    assert changed == {"webgpu": True, "memory_mb": 1024, "wasm": True}


@pytest.mark.parametrize("nothing", [None, False])
def test_null_or_false_removes_a_requirement(patch: Any, nothing: bool | None) -> None:
    assert patch(requirements={"webgpu": nothing})["requirements"] == {"memory_mb": 512}


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("state", "open"),
        ("metadata", {"name": "Example job"}),
        ("settings", fields.DEFAULT_SETTINGS),
        ("requirements", {}),
    ],
)
def test_null_resets_a_field_to_its_default(patch: Any, field: str, default: Any) -> None:
    assert patch(**{field: None})[field] == default


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"state": "closed"}, "state"),
        ({"settings": {"max_errors": 0}}, "settings.max_errors"),
        ({"settings": {"unknown": 1}}, "settings.unknown"),
        ({"requirements": {"webgpu": 1}}, "requirements.webgpu: must be true or false"),
        ({"requirements": {"memory_mb": 0}}, "requirements.memory_mb: must be from 1 to 65536"),
        ({"requirements": {"gpu": True}}, "requirements.gpu: unknown field"),
        ({"requirements": []}, "requirements: must be an object"),
        ({"metadata": {"name": "Other"}}, "metadata.name"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"description": {"en": 1}}}, "metadata.description.en"),
        ({"name": "Other"}, "name: can't be changed"),
        ({"execute_function": EXECUTE}, "execute_function: can't be changed"),
        ({"validate_result": "() => true"}, "validate_result: can't be changed"),
        ({"id": "other"}, "id: unknown field"),
        ({"_links": {}}, "_links"),
        ({"state": "paused", "settings": {"max_errors": "many"}}, "settings.max_errors"),
    ],
)
def test_an_invalid_change_changes_nothing(parts: Pool, patch: Any, changes: dict[str, Any], named: str) -> None:
    before = parts.jobs.get("example-job")
    with pytest.raises(Invalid) as caught:
        patch(**changes)
    assert named in str(caught.value)
    assert parts.jobs.get("example-job") == before


def test_a_change_of_another_job_than_the_one_read_is_refused(parts: Pool, operator: Caller) -> None:
    parts.jobs.post(JOB, operator)
    with pytest.raises(Changed, match="If-Match"):
        parts.jobs.patch("example-job", {"state": "paused"}, operator, lambda document: document["state"] != "open")
    assert parts.jobs.get("example-job")["state"] == "open"


# The index


@pytest.mark.parametrize("cursor", ["ü", "\ufffd", "x" * 101])
def test_an_invalid_cursor_is_refused(module_parts: Pool, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        module_parts.jobs.page(cursor, 10)


def test_a_cursor_is_the_last_id_of_the_page_before(parts: Pool, post: Any) -> None:
    for name in "cab":
        post({**JOB, "name": name})
    first = parts.jobs.page(None, 2)
    assert ([job["id"] for job in first.items], first.next) == (["a", "b"], "b")
    last = parts.jobs.page(first.next, 2)
    assert ([job["id"] for job in last.items], last.next) == (["c"], None)


# Syntax that only browsers know, and functions that the server can't run

ONLY_IN_BROWSERS = [
    r"(v) => ({ result: /[\p{L}--[a-z]]/v.test(v.text) })",
    "(v) => ({ result: /(?i:a)b/.test(v.text) })",
    "(v) => ({ result: v.text.match(/(?<day>1)|(?<day>2)/).groups.day })",
]


@pytest.mark.parametrize("source", ONLY_IN_BROWSERS)
def test_syntax_of_browsers_is_refused_with_a_hint_and_stored_where_the_job_requires_it(
    parts: Pool, operator: Caller, source: str
) -> None:
    job = {"name": "Modern", "execute_function": source}
    with pytest.raises(Invalid, match=r"execute_function: .*line 1, column .*require `browser_syntax`"):
        parts.jobs.post(job, operator)
    stored = parts.jobs.post({**job, "requirements": {"browser_syntax": True}}, operator)
    assert stored["execute_function"] == source


def test_its_requirement_can_not_be_removed(parts: Pool, operator: Caller) -> None:
    job = {"name": "Modern", "execute_function": ONLY_IN_BROWSERS[0], "requirements": {"browser_syntax": True}}
    parts.jobs.post(job, operator)
    for requirements in (None, {"browser_syntax": None}, {"browser_syntax": False}):
        with pytest.raises(Invalid, match="execute_function"):
            parts.jobs.patch("modern", {"requirements": requirements}, operator)
    assert parts.jobs.patch("modern", {"requirements": {"wasm": True}}, operator)["requirements"] == {
        "browser_syntax": True,
        "wasm": True,
    }


@pytest.mark.parametrize("source", ["42", "class A {}"])
def test_what_is_no_function_is_refused_whatever_the_job_requires(parts: Pool, operator: Caller, source: str) -> None:
    job = {"name": "No function", "execute_function": source, "requirements": {"browser_syntax": True}}
    with pytest.raises(Invalid, match="is not a function expression"):
        parts.jobs.post(job, operator)


@pytest.mark.parametrize("name", [name for name in fields.FUNCTIONS if name not in fields.CLIENT_FUNCTIONS])
def test_functions_of_the_server_know_its_syntax_alone(parts: Pool, operator: Caller, name: str) -> None:
    job = {**JOB, name: "() => /(?i:a)/", "requirements": {"browser_syntax": True}}
    with pytest.raises(Invalid, match=rf"{name}: .*line 1"):
        parts.jobs.post(job, operator)


@pytest.mark.parametrize(
    ("source", "is_refused"),
    [
        ("(v, r) => new WebAssembly.Module(new Uint8Array(r)) !== null", True),
        ("async (v, r) => (await WebAssembly.instantiate(r)) !== null", True),
        ("(v, r) => typeof WebAssembly === 'undefined' || WebAssembly.validate(r)", False),
        ("(v, r) => r !== 'WebAssembly.Module' // WebAssembly.Module is not needed", False),
        ("(v, r) => /* no WebAssembly.Module */ true", False),
    ],
)
def test_a_validator_that_needs_webassembly_is_refused(
    parts: Pool, operator: Caller, source: str, is_refused: bool
) -> None:
    job = {**JOB, "validate_result": source}
    if not is_refused:
        assert parts.jobs.post(job, operator)["validate_result"] == source
        return
    with pytest.raises(Invalid, match="validate_result: uses WebAssembly, which does not exist on the server"):
        parts.jobs.post(job, operator)


def test_webassembly_that_a_validator_lacks_when_called_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(ScriptError, match="WebAssembly is not defined: it does not exist on the server"):
        sandbox.call("() => { const { Module } = WebAssembly; }", [])
