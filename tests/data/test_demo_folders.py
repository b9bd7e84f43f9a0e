"""The folders of the demo jobs: files, fields, ids and translated texts."""

import json
import re

import dukpy
import pytest
from py_mini_racer import MiniRacer
from slugify import slugify

from tests.data.demo import FOLDER, FUNCTIONS, LANGUAGES, SLUGS, job_of


def test_the_folders_are_the_known_demo_jobs():
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) == list(SLUGS)


def test_a_folder_is_named_after_its_job(job):
    assert slugify(job.document["name"]) == job.slug


def test_a_folder_has_the_expected_files(job):
    expected = {"job.json", "variables.ndjson", *(f"{name}.js" for name in FUNCTIONS)}
    assert {path.name for path in (FOLDER / job.slug).iterdir()} == expected


def test_a_document_has_no_functions(job):
    assert {*job.document, "requirements"} == {"name", "metadata", "settings", "requirements"}


def test_settings_are_known(job):
    assert set(job.document["settings"]) <= {"lease_seconds", "max_errors", "require_lease"}


@pytest.mark.parametrize(
    ("slug", "requirements"), [("points-in-a-ball", {"webgpu": True}), ("prime-factors", {"wasm": True})]
)
def test_webgpu_and_webassembly_are_required(slug, requirements):
    assert job_of(slug).document["requirements"] == requirements


def test_only_used_capabilities_are_required(job):
    source, requirements = job.source["execute_function"], job.document.get("requirements", {})
    assert ("navigator" in source, "WebAssembly" in source) == ("webgpu" in requirements, "wasm" in requirements)


def test_the_metadata_name_the_owner(job):
    assert job.document["metadata"]["owner"] == "comp-pool"


def test_each_text_exists_in_every_language(job):
    for text in ("title", "description", "short_description"):
        texts = job.document["metadata"][text]
        assert [language for language in LANGUAGES if not texts[language].strip()] == [], text


def test_no_text_is_left_untranslated(job):
    for text in ("description", "short_description"):
        texts = job.document["metadata"][text]
        assert len(set(texts.values())) == len(texts), text


def test_a_file_of_variables_is_below_200_kilobytes(job):
    assert (FOLDER / job.slug / "variables.ndjson").stat().st_size < 200_000


def test_each_line_has_an_id_and_a_variable(job):
    assert all(set(line) == {"id", "variable"} for line in job.lines)


def test_ids_are_valid(job):
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", line["id"]) for line in job.lines)


def test_ids_are_unique(job):
    assert len(job.own) == len(job.lines)


def test_ids_are_sorted(job):
    assert list(job.own) == sorted(job.own)


def test_variables_are_unique(job):
    assert len({json.dumps(variable) for variable in job.variables.values()}) == len(job.variables)


def test_each_function_is_one_expression_in_quickjs(job):
    for name in FUNCTIONS:
        assert dukpy.evaljs(f"typeof (\n{job.source[name]}\n)") == "function", name


def test_each_function_is_one_expression_in_v8(job):
    with MiniRacer() as engine:
        for name in FUNCTIONS:
            assert engine.eval(f"typeof ({job.source[name]}\n)") == "function", name
