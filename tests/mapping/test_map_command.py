"""`comp-pool map` against a pool: what is written, what is not computed twice, how it ends."""

from __future__ import annotations

import io
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from comp_pool.commands import map_command
from comp_pool.leases import NoWork
from comp_pool.mapping.lender import MAX_WAIT, ShortPauses
from comp_pool.transport import Transport

from tests.conftest import MakeLocalServer
from tests.mapping.conftest import SQUARE, Commands, Helper
from tests.serving import LocalServer, wait_until

TEN = [str(number) for number in range(1, 11)]
SQUARES = [str(number**2) for number in range(1, 11)]


def states(pool: LocalServer) -> dict[str, int]:
    """The variables of the only job, by state."""
    (job,) = pool.get("/jobs/index")["_embedded"]["items"]
    counts = pool.get(job["_links"]["progress"])["variables"]
    return {state: count for state, count in counts.items() if count}


def refuse_three(value: Any) -> Any:
    if value == 3:
        raise ValueError("I do not like 3")
    return value * value


# What is written


def test_lines_become_results_in_their_order(helper: Helper, command: Commands) -> None:
    assert command("map", "square.js", *TEN) == SQUARES


def test_the_lines_of_a_file_are_items(helper: Helper, command: Commands, home: Path) -> None:
    (home / "in").write_text("\n".join(TEN))
    assert command("map", "square.js", "-a", "in") == SQUARES


def test_items_may_stand_behind_options_or_look_like_them(helper: Helper, command: Commands) -> None:
    assert command("map", "square.js", "--tag", "1", "2") == ["1\t1", "2\t4"]
    assert command("map", "square.js", "--run", "b", ":::", "-3", "4") == ["9", "16"]


def test_unordered_results_are_those_of_all_items(helper: Helper, command: Commands) -> None:
    assert sorted(command("map", "-u", "square.js", *TEN), key=int) == SQUARES


def test_objects_texts_and_lists_arrive_as_they_are(helper: Helper, command: Commands) -> None:
    helper.compute = lambda value: value
    items = ['{"x": [1]}', "007", "two words", "[1,2]", "1e999"]
    assert command("map", "square.js", *items) == ['{"x":[1]}', '"007"', '"two words"', "[1,2]", '"1e999"']
    assert command("map", "square.js", "--raw", *items)[1:3] == ["007", "two words"]


def test_rows_of_csv_are_objects(helper: Helper, command: Commands, home: Path) -> None:
    helper.compute = lambda row: row["b"]
    (home / "in.csv").write_text("a,b\n1,x\n2,7\n")
    assert command("map", "--csv", "-a", "in.csv", "square.js") == ['"x"', "7"]


def test_no_input_is_no_output(pool: LocalServer, command: Commands, home: Path) -> None:
    (home / "in").write_text("")
    assert command("map", "square.js", "-a", "in", "--workers", "1") == []


def test_a_job_of_the_pool_is_named_by_its_id(helper: Helper, command: Commands) -> None:
    (job,) = command("post", "square.js", "--name", "Squares")
    assert (job, command("map", job, "5")) == ("squares", ["25"])


def test_this_computer_helps(pool: LocalServer, command: Commands) -> None:
    assert command("map", "square.js", "--workers", "1", *TEN) == SQUARES


# What is not computed twice


def test_the_same_command_again_computes_nothing(helper: Helper, pool: LocalServer, command: Commands) -> None:
    command("map", "square.js", *TEN)
    helper.end()
    assert command("map", "square.js", *TEN) == SQUARES
    assert states(pool) == {"total": 10, "done": 10}


def test_a_longer_input_computes_what_is_new(helper: Helper, command: Commands) -> None:
    command("map", "square.js", *TEN[:7])
    assert command("map", "square.js", *TEN) == SQUARES
    helper.expect_count(10)


def test_a_changed_line_is_computed_and_the_others_are_not(helper: Helper, command: Commands) -> None:
    command("map", "square.js", *TEN)
    assert command("map", "square.js", *TEN[:4], "100", *TEN[5:]) == [*SQUARES[:4], "10000", *SQUARES[5:]]
    helper.expect_count(11)


def test_what_is_known_behind_something_new_is_not_computed_again(helper: Helper, command: Commands) -> None:
    helper.compute = refuse_three
    command(*ONE_ERROR, *TEN, status=1)
    # Each line is a request of its own, and the first one is new.
    patched = pytest.MonkeyPatch()
    patched.setattr("comp_pool.mapping.run.BATCH", 1)
    assert command(*ONE_ERROR, "100", *TEN[1:], status=1) == ["10000", "4", *SQUARES[3:]]
    patched.undo()
    helper.expect_count(10)


def test_an_input_that_pauses_costs_few_requests(
    helper: Helper, pool: LocalServer, command: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("post", "square.js", "--name", "Squares")
    reading, writing = os.pipe()
    os.write(writing, b"1\n")
    requests: list[str] = []
    send = Transport.send
    monkeypatch.setattr(Transport, "send", lambda self, *args: requests.append(args[1]) or send(self, *args))
    stdin = os.fdopen(reading)
    monkeypatch.setattr(sys, "stdin", stdin)

    def resume() -> None:
        wait_until(lambda: states(pool).get("done") == 1)
        before = len(requests)
        time.sleep(0.5)
        PRESSED[:] = [url for url in requests[before:] if "wait=" in url]
        os.write(writing, b"2\n")
        os.close(writing)

    thread = threading.Thread(target=resume)
    thread.start()
    assert command("map", "squares") == ["1", "4"]
    thread.join()
    stdin.close()
    assert len(PRESSED) <= 2


def test_another_run_computes_anew(helper: Helper, command: Commands) -> None:
    command("map", "square.js", "7")
    command("map", "square.js", "7", "--run", "second")
    helper.expect_count(2)


def test_a_changed_file_is_another_job(helper: Helper, command: Commands, home: Path) -> None:
    command("map", "square.js", "7")
    (home / "square.js").write_text(SQUARE + " + 0")
    command("map", "square.js", "7")
    assert len(command("jobs")) == 2


def test_resume_leaves_out_what_the_log_has(helper: Helper, command: Commands) -> None:
    command("map", "square.js", "--joblog", "log", "--halt", "now,done=4", *TEN)
    assert command("map", "square.js", "--joblog", "log", "--resume", *TEN) == SQUARES[4:]
    assert command("map", "square.js", "--joblog", "log", "--resume", *TEN) == []


def test_resume_leaves_out_what_has_a_file(helper: Helper, command: Commands, home: Path) -> None:
    command("map", "square.js", "--results", "out", *TEN[:3])
    assert command("map", "square.js", "--results", "out", "--resume", *TEN) == SQUARES[3:]
    assert (home / "out" / "10" / "result.json").read_text() == "100\n"


# What fails


@pytest.fixture
def refusing(helper: Helper) -> Helper:
    helper.compute = refuse_three
    return helper


ONE_ERROR = ("map", "square.js", "--retries", "1")


def test_a_failed_item_is_named_and_counted(refusing: Helper, command: Commands) -> None:
    assert command(*ONE_ERROR, *TEN, status=1) == [*SQUARES[:2], *SQUARES[3:]]
    assert "item 3 failed: threw: I do not like 3; it printed: seen" in command.err


def test_a_failed_item_stays_failed(refusing: Helper, command: Commands) -> None:
    command(*ONE_ERROR, "3", status=1)
    refusing.compute = lambda value: value
    assert command(*ONE_ERROR, "3", status=1) == []


def test_resume_failed_computes_failed_items_and_those_that_are_left(refusing: Helper, command: Commands) -> None:
    command(*ONE_ERROR, "--joblog", "log", *TEN[:5], status=1)
    refusing.compute = lambda value: value * value
    assert command(*ONE_ERROR, "--joblog", "log", "--resume-failed", *TEN) == ["9", *SQUARES[5:]]


def test_retry_failed_computes_failed_items_alone(refusing: Helper, command: Commands) -> None:
    command(*ONE_ERROR, "--joblog", "log", *TEN[:5], status=1)
    refusing.compute = lambda value: value * value
    assert command(*ONE_ERROR, "--joblog", "log", "--retry-failed", "--tag") == ["3\t9"]
    assert command(*ONE_ERROR, "--joblog", "log", "--retry-failed") == []


def test_a_line_that_the_job_refuses_fails_alone(helper: Helper, command: Commands, home: Path) -> None:
    (home / "even.js").write_text(
        "export const execute_function = (x) => x * x;\nexport const validate_variable = (x) => x % 2 === 0;"
    )
    assert command("map", "even.js", "2", "3", "4", status=1) == ["4", "16"]
    assert "item 2 refused: " in command.err
    assert "validate_variable" in command.err


def test_lines_that_are_no_json_fail_alone(helper: Helper, command: Commands) -> None:
    assert command("map", "--input", "json", "square.js", "3", "x", status=1) == ["9"]


def test_more_than_a_hundred_failures_are_status_101(pool: LocalServer, command: Commands) -> None:
    assert command("map", "--input", "json", "square.js", *["x"] * 102, status=101) == []


def test_errors_that_are_not_final_are_shown(
    helper: Helper, pool: LocalServer, command: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper.compute = refuse_three
    shown = threading.Event()

    def watch(_lines: Any, text: str) -> None:
        if "I do not like 3" in text:
            shown.set()
            helper.compute = lambda value: value
            # The errors of an address pause a variable for ten minutes: the job's owner ends it.
            (job,) = pool.get("/jobs/index")["_embedded"]["items"]
            pool.post(job["_links"]["self"], {"settings": {"max_errors": 1}}, "PATCH")
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("comp_pool.mapping.bar.Lines.hint", watch)
    monkeypatch.setattr(map_command, "SECOND_CHANCE", 0.0)
    command("map", "square.js", "3", status=130)
    assert shown.is_set()


# How it ends


def interrupt_after_results(pool: LocalServer, times: int = 1) -> threading.Thread:
    """Presses Ctrl-C, once ten variables are there."""

    def press() -> None:
        wait_until(lambda: states(pool).get("total") == 10)
        for number in range(times):
            if number:
                wait_until(lambda: "Ctrl-C" in str(PRESSED))
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


PRESSED: list[str] = []


def test_ctrl_c_says_how_to_go_on(pool: LocalServer, command: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_command, "SECOND_CHANCE", 0.0)
    command("post", "square.js", "--name", "Squares")
    thread = interrupt_after_results(pool)
    assert command("map", "squares", *TEN, status=130) == []
    thread.join()
    assert f"comp-pool map --attach {pool.url}/jobs/squares#map" in command.err
    assert states(pool) == {"total": 10, "open": 10}


def test_a_second_ctrl_c_withdraws_what_is_open_and_another_run_posts_it_again(
    pool: LocalServer, command: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_command, "complain", lambda text: PRESSED.append(text))
    PRESSED.clear()
    command("post", "square.js", "--name", "Squares")
    thread = interrupt_after_results(pool, times=2)
    command("map", "squares", *TEN, status=130)
    thread.join()
    assert states(pool) == {"total": 10, "withdrawn": 10}
    helper = Helper(pool.url, lambda value: value * value)
    helper.start()
    assert command("map", "squares", *TEN) == SQUARES
    assert command("map", "squares", *TEN) == SQUARES
    helper.end()
    assert states(pool) == {"total": 20, "done": 10, "withdrawn": 10}


class BrokenPipe(io.StringIO):
    def write(self, text: str) -> int:
        if self.getvalue().count("\n") >= 2:
            raise BrokenPipeError
        return super().write(text)


def test_an_output_that_nobody_reads_ends_it_quietly(
    pool: LocalServer, helper: Helper, command: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("post", "square.js", "--name", "Squares")
    output = BrokenPipe()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", output)
        patched.setattr(sys, "stderr", errors := io.StringIO())
        assert map_status("squares", *TEN) == 141
    assert (output.getvalue(), errors.getvalue()) == ("1\n4\n", "")


def map_status(*arguments: str) -> int:
    from comp_pool import cli

    return cli.main(["map", *arguments])


def test_halt_now_withdraws_what_is_open(pool: LocalServer, helper: Helper, command: Commands) -> None:
    release = threading.Event()

    def compute(value: Any) -> Any:
        if value > 3:
            release.wait(20)
        return value

    helper.compute = compute
    threading.Timer(0.2, release.set).start()
    assert len(command("map", "square.js", "--halt", "now,success=1", "1", "2", "3")) == 1


def test_detach_prints_what_attach_takes(helper: Helper, command: Commands) -> None:
    (uri,) = command("map", "square.js", "--detach", *TEN)
    assert command("map", "--attach", uri) == SQUARES
    assert command("map", "--attach", uri, "--tag")[2] == "3\t9"


def test_attach_counts_failed_items(refusing: Helper, command: Commands) -> None:
    (uri,) = command(*ONE_ERROR, "--detach", *TEN)
    assert command("map", "--attach", uri, status=1) == [*SQUARES[:2], *SQUARES[3:]]
    assert "item 3 failed: threw" in command.err


def test_dry_run_posts_nothing(home: Path, command: Commands) -> None:
    (home / "square.js").write_text(SQUARE)
    lines = command("map", "--dry-run", "square.js", "7", '{"x": 1}')
    assert [line.partition(",")[2] for line in lines] == ['"variable":7}', '"variable":{"x":1}}']


def test_local_needs_no_pool(home: Path, command: Commands) -> None:
    (home / "f.js").write_text("x => { if (x === 2) throw new Error('two'); return x; }")
    assert command("map", "--local", "--workers", "2", "f.js", "1", "2", "3", status=1) == ["1", "3"]
    assert "item 2 failed: threw: Error: two" in command.err


def test_a_local_item_that_never_ends_is_stopped(home: Path, command: Commands) -> None:
    (home / "f.js").write_text("x => { while (x === 1); return x; }")
    assert command("map", "--local", "--workers", "1", "--timeout", "1.5", "f.js", "1", "2", status=1) == ["2"]
    assert "item 1 failed: timeout" in command.err


# This computer as a volunteer


def test_a_job_without_open_variables_is_paused_for_a_short_time(pool: LocalServer, command: Commands) -> None:
    command("post", "square.js", "--name", "Squares")
    client = ShortPauses(pool.url)
    job = client.job("squares")
    found = [client.lease(job), client.lease_many(job, 2)]
    client.close()
    assert found == [NoWork(MAX_WAIT), NoWork(MAX_WAIT)]


# Wrong usage


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "name a FILE.js"),
        (["nowhere.js", "1"], "nowhere.js: No such file"),
        (["--run", "My Run", "f.js"], "--run: a name has"),
        (["--resume", "f.js"], "--resume: needs --joblog or --results"),
        (["--retry-failed", "f.js"], "--retry-failed: needs --joblog"),
        (["--local", "squares"], "--local: needs a FILE.js"),
        (["f.js", "-a", "in", ":::", "1"], "give items either after ::: or by -a"),
        (["f.js", "-a", "nowhere"], "comp-pool: nowhere: No such file"),
    ],
)
def test_wrong_usage_is_255_and_says_what_to_do(home: Path, command: Commands, arguments: list[str], text: str) -> None:
    (home / "f.js").write_text("x => x")
    (home / "in").write_text("")
    command("map", "--dry-run", *arguments, status=255)
    assert text in command.err


def test_an_unknown_option_is_255(home: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        map_status("--nonsense", "f.js")
    assert caught.value.code == 255


def test_items_that_look_like_options_are_named_with_the_remedy(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        map_status("--dry-run", "f.js", "-5", "3")
    assert "unrecognized arguments: -5 3; items that begin with - follow :::" in capsys.readouterr().err


def test_a_pool_that_is_not_there_is_255_and_the_remedy_is_named(home: Path, command: Commands) -> None:
    (home / "f.js").write_text("x => x")
    command("map", "--pool", "http://127.0.0.1:1", "f.js", "1", status=255)
    assert "no pool responds at http://127.0.0.1:1/" in command.err
    assert "Start one: comp-pool serve" in command.err


def test_a_missing_key_is_255_and_the_remedy_is_named(
    pool: LocalServer, command: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMP_POOL_KEY")
    command("map", "square.js", "1", status=255)
    assert f"comp-pool login {pool.url}/" in command.err


def test_an_unknown_job_is_255_and_near_names_are_shown(pool: LocalServer, command: Commands) -> None:
    command("post", "square.js", "--name", "Squares of numbers")
    command("map", "squares", "1", status=255)
    assert "Is it squares-of-numbers?" in command.err


def test_a_syntax_error_is_255_with_its_place(pool: LocalServer, command: Commands, home: Path) -> None:
    (home / "f.js").write_text("x =>\n  x x")
    command("map", "f.js", "1", status=255)
    assert "line 2" in command.err


# In an open pool


@pytest.fixture
def open_pool(make_local_server: MakeLocalServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    server = make_local_server(open=True, trusted="127.0.0.0/8")
    monkeypatch.setenv("COMP_POOL_URL", server.url)
    (home / "square.js").write_text(SQUARE)
    return server


@pytest.fixture
def open_helper(open_pool: LocalServer) -> Iterator[Helper]:
    running = Helper(open_pool.url, lambda value: value * value)
    running.start()
    yield running
    running.end()


def test_without_a_key_the_job_s_own_one_is_kept(open_helper: Helper, command: Commands, home: Path) -> None:
    assert command("map", "square.js", *TEN) == SQUARES
    (listed,) = command("jobs")
    job = listed.split()[2]
    assert command("pause", job) == [f"{job}: paused"]
    stored = home.parent / "xdg_config_home" / "comp-pool" / "config.json"
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600


def test_a_job_of_somebody_else_under_the_name_is_not_used(
    open_pool: LocalServer, command: Commands, home: Path
) -> None:
    from comp_pool.mapping.source import read_source

    name = read_source(home / "square.js").job()["name"]
    open_pool.post("/jobs", {"name": name, "execute_function": "(x) => 1"})
    command("map", "square.js", "1", status=255)
    assert f"another job of the name {name}" in command.err
