"""The commands of an owner besides `map`: post, add, results, progress, errors, try, flow, login and so on."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from comp_pool import cli
from comp_pool.commands import job_commands

from tests.mapping.conftest import Commands, Helper
from tests.serving import LocalServer

SQUARES = [1, 4, 9]


@pytest.fixture
def job(pool: LocalServer, command: Commands, home: Path) -> str:
    (home / "numbers").write_text("1\n2\n3\n")
    return command("post", "square.js", "--name", "Squares")[0]


@pytest.fixture
def done(job: str, command: Commands, helper: Helper) -> str:
    """A job with three results."""
    command("map", job, "1", "2", "3")
    return job


@pytest.fixture
def failed(job: str, pool: LocalServer, command: Commands, helper: Helper) -> str:
    """A job of which the variable 2 has failed."""

    def compute(value: Any) -> Any:
        if value == 2:
            raise ValueError("no two")
        return value * value

    helper.compute = compute
    pool.post(f"/jobs/{job}", {"settings": {"max_errors": 1}}, "PATCH")
    command("map", job, "1", "2", "3", status=1)
    return job


# Arguments in any order


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("add", "squares", "--run", "again", "numbers"), {"job": "squares", "file": "numbers"}),
        (("release", "squares", "--key", "k", "a", "b"), {"variables": ["a", "b"]}),
        (("flow", "cancel", "--key", "k", "mine"), {"action": "cancel", "flow": "mine"}),
        (("try", "f.js", "--memory", "9", "1", ":::", "2"), {"items": ["1", ":::", "2"]}),
    ],
)
def test_options_may_stand_between_arguments(arguments: tuple[str, ...], found: dict[str, Any]) -> None:
    assert found.items() <= vars(cli.parse(list(arguments))).items()


@pytest.mark.parametrize(
    "arguments", [("add", "squares", "--quiet", "a", "b"), ("jobs", "a"), ("flow", "show", "a", "b")]
)
def test_more_arguments_than_a_command_has_are_refused(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.parse(list(arguments))
    assert "unrecognized arguments" in capsys.readouterr().err


# post, replace


def test_a_document_is_posted_as_it_is(pool: LocalServer, command: Commands, home: Path) -> None:
    document = {"name": "Doubles", "execute_function": "(x) => ({result: 2 * x})", "settings": {"lease_seconds": 7}}
    (home / "job.json").write_text(json.dumps(document))
    assert command("post", "job.json", "--paused") == ["doubles"]
    stored = pool.get("/jobs/doubles")
    assert (stored["state"], stored["settings"]["lease_seconds"]) == ("paused", 7)


def test_settings_and_a_validator_are_options(pool: LocalServer, command: Commands, home: Path, helper: Helper) -> None:
    (home / "judge.js").write_text("(variable, result) => result === undefined || result === variable * variable")
    (job,) = command("post", "square.js", "--validate", "judge.js", "--timeout", "60", "--retries", "2")
    settings = pool.get(f"/jobs/{job}")["settings"]
    assert (settings["lease_seconds"], settings["max_errors"]) == (60, 2)
    assert command("map", job, "3") == ["9"]


def test_a_name_that_is_taken_is_an_error(job: str, command: Commands) -> None:
    command("post", "square.js", "--name", "Squares", status=1)
    assert "409" in command.err


def test_a_job_is_replaced_by_a_mended_function(
    done: str, pool: LocalServer, command: Commands, home: Path, helper: Helper
) -> None:
    helper.end()
    command("add", done, "numbers")
    (home / "cube.js").write_text("x => x ** 3")
    (new,) = command("replace", done, "cube.js", "--name", "Cubes")
    assert new == "cubes"
    assert command("progress", new)[0].startswith("0 of 3 done, 3 open")
    assert len(command("results", done)) == 3


# add


def test_lines_are_added_once(job: str, command: Commands) -> None:
    assert command("add", job, "numbers") == ["3 variables are in the job, 3 of them new"]
    assert command("add", job, "numbers") == ["3 variables are in the job, 0 of them new"]
    assert command("progress", job)[0].startswith("0 of 3 done, 3 open")


def test_a_line_that_is_refused_is_named(job: str, command: Commands, home: Path) -> None:
    (home / "numbers").write_text('{"x": 1}\n{"_links": 1}\n')
    assert command("add", job, "numbers", status=1) == ["1 variables are in the job, 1 of them new"]
    assert "_links" in command.err


# results


def test_results_are_lines_of_json(done: str, command: Commands) -> None:
    entries = [json.loads(line) for line in command("results", done, "--order", "input")]
    assert [entry["result"] for entry in entries] == SQUARES
    assert set(entries[0]) == {"variable", "state", "id", "created", "volunteer", "run_seconds", "result", "cursor"}


def test_values_alone(done: str, command: Commands) -> None:
    assert command("results", done, "--values", "--order", "input") == ["1", "4", "9"]


def test_results_as_csv(done: str, command: Commands) -> None:
    header, *rows = command("results", done, "--csv")
    assert header == "variable,id,created,run_seconds,result"
    assert sorted(row.rpartition(",")[2] for row in rows) == ["1", "4", "9"]


def test_results_after_a_cursor(done: str, command: Commands) -> None:
    lines = command("results", done)
    assert command("results", done, "--cursor", json.loads(lines[0])["cursor"]) == lines[1:]


def test_following_ends_with_the_job(job: str, command: Commands, helper: Helper) -> None:
    command("add", job, "numbers")
    assert sorted(map(int, command("results", job, "--values", "--follow"))) == SQUARES


def test_failed_variables_are_shown_where_asked_for(failed: str, command: Commands) -> None:
    assert len(command("results", failed)) == 2
    states = [json.loads(line)["state"] for line in command("results", failed, "--errors")]
    assert sorted(states) == ["done", "done", "failed"]


# One job


def test_progress_is_one_line_or_json(done: str, command: Commands) -> None:
    assert command("progress", done)[0].startswith("3 of 3 done, ")
    assert json.loads(command("progress", done, "--json")[0])["complete"] is True
    assert len(command("progress", done, "--watch")) == 1


def test_errors_are_shown_with_their_console(failed: str, command: Commands) -> None:
    lines = command("errors", failed)
    assert lines[0] == "1 x execute_function: threw: no two"
    assert "    console: seen" in lines


def test_failed_variables_are_released(failed: str, command: Commands, helper: Helper) -> None:
    helper.compute = lambda value: value * value
    assert command("release", failed, "--all") == ["1 of 1 released"]
    assert sorted(map(int, command("results", failed, "--values", "--follow"))) == SQUARES


def test_what_has_not_failed_is_not_released(done: str, command: Commands) -> None:
    variable = json.loads(command("results", done)[0])["variable"]
    assert command("release", done, variable, status=1) == ["0 of 1 released"]
    command("release", done, status=1)
    assert "name variables, or give --all" in command.err


def test_a_job_is_paused_and_resumed(job: str, command: Commands) -> None:
    assert command("pause", job) == ["squares: paused"]
    assert command("jobs")[0].startswith("paused  ")
    assert command("resume", job) == ["squares: open"]


def test_delete_does_not_ask_without_a_terminal(job: str, command: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    command("delete", job, status=1)
    assert "give --yes" in command.err
    assert command("delete", job, "--yes") == ["squares: deleted"]
    assert command("jobs") == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("said", "status"), [("y\n", 0), ("\n", 1), ("no\n", 1)])
def test_delete_asks(job: str, command: Commands, monkeypatch: pytest.MonkeyPatch, said: str, status: int) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(said))
    command("delete", job, status=status)
    assert "Delete the job squares and its 0 results?" in command.err


def test_jobs_in_review_are_listed_alone(job: str, command: Commands) -> None:
    assert command("jobs", "--review") == []


@pytest.mark.parametrize("name", ["pause", "errors", "progress", "results", "delete"])
def test_an_unknown_job_is_an_error(job: str, command: Commands, name: str) -> None:
    command(name, "square", status=1)
    assert "Is it squares?" in command.err


# try


def test_try_shows_the_result_the_console_and_the_verdict(home: Path, command: Commands) -> None:
    (home / "f.js").write_text(
        "export function execute_function(x) { console.log('seen', x); return x + 1; }\n"
        "export function validate_result(x, result) { return result < 3; }\n"
    )
    lines = command("try", "f.js", "1", "2", status=1)
    assert lines[0].startswith("1: 2 (")
    assert lines[1:3] == ["    console: seen 1", "    validate_result: accepted"]
    assert lines[-1] == '    validate_result: rejected: {"valid":false}'


def test_try_shows_the_stack_of_an_error(home: Path, command: Commands) -> None:
    (home / "f.js").write_text("(x) =>\n  x.y.z")
    lines = command("try", "f.js", "1", status=1)
    assert lines[0].startswith("1: threw: TypeError")
    assert any("execute_function.js:2:" in line for line in lines)


def test_try_takes_a_job_of_the_pool(job: str, command: Commands) -> None:
    assert command("try", job, "7")[0].startswith("7: 49 (")


# Flows


def test_a_flow_is_posted_shown_cancelled_and_run_again(job: str, command: Commands, home: Path) -> None:
    command("add", job, "numbers")
    (home / "flow.json").write_text(json.dumps({"name": "One", "jobs": [{"job": f"/jobs/{job}"}]}))
    (flow,) = command("flow", "post", "flow.json")
    assert command("flow", "show", flow)[1] == f"  jobs[0]  running  /jobs/{job}  0 results"
    assert json.loads(command("flow", "show", flow, "--json")[0])["name"] == "One"
    assert command("flow", "cancel", flow) == [f"{flow}: cancelled"]
    (again,) = command("flow", "run", flow)
    assert [line.split()[2] for line in command("flow")] == [again, flow]
    command("flow", "show", "nothing", status=1)
    assert "comp-pool flow lists them" in command.err


def test_an_invalid_flow_is_an_error_that_names_the_place(job: str, command: Commands, home: Path) -> None:
    (home / "flow.json").write_text(json.dumps({"jobs": [{"job": "/jobs/sums"}]}))
    command("flow", "post", "flow.json", status=1)
    assert "jobs[0].job" in command.err


# Configuration


def config(home: Path) -> Path:
    return home.parent / "xdg_config_home" / "comp-pool" / "config.json"


def test_login_stores_pool_and_key_for_the_user_alone(
    pool: LocalServer, command: Commands, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMP_POOL_URL")
    monkeypatch.delenv("COMP_POOL_KEY")
    command("login", pool.url, "--key", pool.key)
    assert stat.S_IMODE(config(home).stat().st_mode) == 0o600
    assert command("post", "square.js", "--name", "Squares") == ["squares"]


def test_login_refuses_a_key_that_the_pool_does_not_know(pool: LocalServer, command: Commands, home: Path) -> None:
    command("login", pool.url, "--key", "not-a-key-of-this-pool", status=1)
    assert "does not know this key" in command.err
    assert not config(home).exists()


def test_a_pool_of_this_directory_needs_no_login(
    pool: LocalServer, command: Commands, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMP_POOL_KEY")
    (home / "data").mkdir()
    (home / "data" / "pool").symlink_to(pool.data)
    assert command("post", "square.js", "--name", "Squares") == ["squares"]


def test_an_option_precedes_the_environment_and_that_the_file(
    pool: LocalServer, command: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("login", pool.url, "--key", pool.key)
    monkeypatch.setenv("COMP_POOL_URL", "http://127.0.0.1:1")
    command("jobs", status=1)
    assert command("jobs", "--pool", pool.url) == []
    monkeypatch.setenv("COMP_POOL_KEY", "not-a-key-of-this-pool")
    command("post", "square.js", "--pool", pool.url, status=1)
    assert command("post", "square.js", "--name", "A", "--pool", pool.url, "--key", pool.key) == ["a"]


def test_a_broken_file_is_an_error_that_names_it(pool: LocalServer, command: Commands, home: Path) -> None:
    config(home).parent.mkdir(parents=True)
    config(home).write_text("{")
    command("jobs", status=1)
    assert str(config(home)) in command.err


def test_an_address_without_a_scheme_is_an_error(home: Path, command: Commands) -> None:
    command("jobs", "--pool", "pool.example", status=1)
    assert "must begin with http:// or https://" in command.err


# Help


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_know_commands_and_options(command: Commands, shell: str) -> None:
    script = "\n".join(command("completion", shell))
    assert "retry-failed" in script
    assert "completion" in script


def test_bash_can_read_its_completion(command: Commands, tmp_path: Path) -> None:
    script = tmp_path / "completion"
    script.write_text("\n".join(command("completion", "bash")))
    subprocess.run(["bash", "-n", str(script)], check=True)


NAMES = [
    "map",
    "post",
    "replace",
    "add",
    "results",
    "jobs",
    "pause",
    "resume",
    "delete",
    "release",
    "progress",
    "errors",
]


@pytest.mark.parametrize("name", [*NAMES, "try", "flow", "login", "completion"])
def test_every_command_has_help_with_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main([name, "--help"])
    shown = capsys.readouterr().out
    assert "examples:\n" in shown
    assert f"comp-pool {name}" in shown.partition("examples:\n")[2]


def test_progress_counts_what_is_unusual() -> None:
    variables = {"total": 9, "done": 3, "open": 1, "leased": 2, "failed": 1, "withdrawn": 2}
    progress = {"variables": variables, "stuck": 1, "results_per_minute": 1.5, "eta_seconds": 60, "state": "paused"}
    assert job_commands._progress_line(progress) == (
        "3 of 9 done, 1 open, 2 leased, 1 failed, 2 withdrawn, 1 stuck, 1.5 a minute, about 60 s left, paused"
    )
