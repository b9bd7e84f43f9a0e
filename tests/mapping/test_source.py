"""The job in a file of JavaScript: the forms of a function, their lines, names."""

import json
from pathlib import Path
from typing import Any

import pytest
from comp_pool.deadline import Deadline
from comp_pool.errors import JobError
from comp_pool.executor import Executor, Unit
from comp_pool.mapping.source import InvalidFile, functions_of, is_file, read_source

# Each with what it makes of 3.
FORMS = {
    "an arrow function": ("x => x * x", 9),
    "with an end": ("(x) => x * x;\n", 9),
    "a comment before it": ("// Squares.\nx => x * x", 9),
    "a function": ("function square(x) { return x * x; }", 9),
    "an asynchronous one": ("async (x) => x * x", 9),
    "with an interpreter": ("#!/usr/bin/env node\nx => x * x", 9),
    "no parameter": ("() => 'nothing'", "nothing"),
    "null": ("() => null", None),
    "an object with a result": ("(x) => ({ result: x })", {"result": 3}),
    "an execute_function": ("function (variable, context) { context.result = variable + 1; return context; }", 4),
    "a default export": ("const square = (x) => x * x;\nexport default square;\n", 9),
    "a default function": ("export default function square(x) { return x * x; }", 9),
    "a default arrow": ("const two = 2;\nexport default (x) => x ** two", 9),
    "a list of exports": ("const a = (x) => x * x;\nconst b = 1;\nexport { a as default, b };", 9),
    "module.exports": ("const two = 2;\nmodule.exports = (x) => x ** two;", 9),
    "a name of a job's field": ("export function execute_function(variable, context) { return { result: 7 }; }", 7),
    "the name without export": ("const execute_function = (x) => x * x;", 9),
    "exports by name": ("exports.execute_function = (x) => x * x;", 9),
    "names like those of the wrapper": ("const main = 1, found = 2, load = 3, named = 4;\nexport default (x) => x", 3),
}


@pytest.fixture(scope="module")
def computed() -> Any:
    """The result of each form, or its error, by one process."""
    source = """async (sources) => {
      const outcomes = {};
      for (const name of Object.keys(sources)) {
        try { outcomes[name] = (await (0, eval)(`(${sources[name]}\\n)`)(3, {})).result ?? null; }
        catch (ex) { outcomes[name] = String(ex); }
      }
      return { result: outcomes };
    }"""
    sources = {name: functions_of(text)["execute_function"] for name, (text, _) in FORMS.items()}
    with Executor() as executor:
        return json.loads(executor.compute(Unit("forms", source, sources), Deadline(20)).result)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_a_function(computed: Any, name: str) -> None:
    assert computed[name] == FORMS[name][1]


def error_of(text: str, value: Any = 1) -> JobError:
    with Executor() as executor, pytest.raises(JobError) as caught:
        executor.compute(Unit("job", functions_of(text)["execute_function"], value), Deadline(20))
    return caught.value


def test_the_lines_of_an_error_are_those_of_the_file() -> None:
    assert "execute_function.js:3:" in error_of("// One.\n// Two.\n(x) => x.y.z").stack


def test_a_function_without_a_value_has_no_result() -> None:
    assert error_of("(x) => { x * x; }").kind == "no-result"


def test_a_module_without_a_function_says_what_is_missing() -> None:
    assert "end it with `export default FUNCTION`" in error_of("export const x = 1;").message


def test_functions_of_the_server_are_taken_by_name() -> None:
    functions = functions_of(
        "export const execute_function = (x) => x;\nexport const validate_result = (v, r) => r === v;\nconst other = 1;"
    )
    assert set(functions) == {"execute_function", "validate_result"}


def test_a_file_with_an_import_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "job.js"
    file.write_text('import { a } from "b";\nexport default a;')
    with pytest.raises(InvalidFile, match="bundle it first"):
        read_source(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"job\.js: No such file"):
        read_source(tmp_path / "job.js")


def test_the_name_is_that_of_the_file_and_changes_with_its_content(tmp_path: Path) -> None:
    file = tmp_path / "My Square (2).js"
    names = set()
    for text, settings in (("x => x", {}), ("x => x + 1", {}), ("x => x", {"max_errors": 1}), ("x => x", {})):
        file.write_text(text)
        names.add(read_source(file, settings).job()["name"])
    assert len(names) == 3
    assert all(name.startswith("my-square-2-") for name in names)


@pytest.mark.parametrize(
    ("name", "expected"), [("a.js", True), ("a.mjs", True), ("./a", True), ("squares", False), ("a.json", True)]
)
def test_a_file_is_told_from_the_id_of_a_job(name: str, expected: bool) -> None:
    assert is_file(name) is expected
