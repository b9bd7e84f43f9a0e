"""What a run shows and does while nothing comes: errors so far, hints, outages; the bar."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from comp_pool.clock import Clock
from comp_pool.errors import BadCertificate, ForeignResponse, PoolError, Unreachable
from comp_pool.links import Document
from comp_pool.mapping.bar import Bar, Lines
from comp_pool.mapping.patience import patiently
from comp_pool.mapping.pool_backend import read_entry
from comp_pool.mapping.watch import LOOKS, Watch

IDLE = {"state": "open", "variables": {"open": 3, "leased": 0}}
GROUP = {"id": "g", "count": 2, "kind": "threw", "message": "no", "variable": "map-1"}


class FakeOwner:
    def __init__(self, *progress: dict[str, Any]) -> None:
        self._progress = list(progress)

    def progress(self, _job: Document) -> dict[str, Any]:
        return self._progress.pop(0)

    def root(self) -> Document:
        return Document("http://pool.example/", {})


def lines_of(*progress: dict[str, Any], before: dict[str, Any] | None = None, is_lending: bool = False) -> list[str]:
    owner: Any = FakeOwner(*progress)
    watch = Watch(owner, Document("", {"id": "squares"}), before or {}, is_lending)
    return [line for _ in progress for line in watch.look()]


def test_an_error_that_is_not_final_is_shown_once() -> None:
    (line,) = lines_of({**IDLE, "errors": [GROUP]}, {**IDLE, "errors": [{**GROUP, "count": 3}]})
    assert line.startswith("2 errors so far, none of them final: threw: no (variable map-1; comp-pool errors squares")


def test_an_error_that_is_not_final_says_how_it_would_be() -> None:
    (line,) = lines_of({**IDLE, "errors": [GROUP]})
    assert line.endswith("One computer alone does not make an item fail; with --retries 1 the first error does")


def test_errors_from_before_the_run_are_not_shown() -> None:
    before = {"errors": [GROUP]}
    assert lines_of({**IDLE, "errors": [GROUP]}, before=before) == []
    assert len(lines_of({**IDLE, "errors": [{**GROUP, "count": 3}]}, before=before)) == 1


def test_a_pool_without_volunteers_is_shown_after_some_looks() -> None:
    assert lines_of(*[IDLE] * (LOOKS - 1)) == []
    (line,) = lines_of(*[IDLE] * (LOOKS + 3))
    assert line.startswith("no volunteer computes: open http://pool.example/ in a browser")
    assert lines_of(*[IDLE] * LOOKS, is_lending=True) == []


def test_a_paused_job_says_why_and_how_it_goes_on() -> None:
    (line,) = lines_of({**IDLE, "state": "paused", "paused": {"reason": "20 variables failed"}})
    assert line == "the job is paused: 20 variables failed; comp-pool resume squares lets it go on"


def test_a_job_in_review_says_so() -> None:
    assert lines_of({**IDLE, "state": "review"}) == [
        "the operator of this pool looks at the job before volunteers get it"
    ]


class Sleeps(Clock):
    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def asked(*outcomes: Exception | str) -> tuple[list[str], list[float]]:
    """Returns what is shown, and the waits, of a request with these outcomes."""
    remaining, shown, clock = list(outcomes), [], Sleeps()

    def request() -> str:
        outcome = remaining.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert patiently(request, clock, shown.append) == "done"
    return shown, clock.slept


def test_a_request_is_repeated_until_the_pool_responds() -> None:
    shown, slept = asked(*[Unreachable("refused"), ForeignResponse(200, "text/html")] * 10, "done")
    assert len(slept) == 20
    assert shown == ["the pool does not respond; waiting for it: 200 not a response of the pool: text/html"]


def test_a_moment_s_failure_is_not_shown_and_retry_after_is_honoured() -> None:
    shown, slept = asked(PoolError(503, "busy", retry_after=1.5), "done")
    assert (shown, len(slept)) == ([], 1)
    assert slept[0] >= 1.5


@pytest.mark.parametrize("error", [PoolError(404, "no such job"), PoolError(401, "no key")])
def test_an_error_that_stays_is_raised(error: Exception) -> None:
    with pytest.raises(type(error)):
        asked(error, "done")


def test_a_bad_certificate_may_be_that_of_a_captive_portal() -> None:
    assert len(asked(BadCertificate("self-signed"), "done")[1]) == 1


def test_an_entry_of_the_stream_becomes_an_outcome() -> None:
    entry = {"variable": "map-1", "state": "done", "result": {"ä": [1]}, "volunteer": "0f", "run_seconds": 2.0}
    outcome = read_entry({**entry, "created": "2026-11-22T12:50:03.500Z"})
    assert (outcome.text, outcome.host, outcome.seconds) == ('{"ä":[1]}', "0f", 2.0)
    assert outcome.started == 1795351801.5


def test_an_entry_without_a_result_has_the_reason() -> None:
    entry = {"variable": "map-1", "state": "failed", "reason": "threw", "message": "no", "console": "seen"}
    outcome = read_entry(entry)
    assert (outcome.is_done, outcome.reason, outcome.console) == (False, "threw: no", "seen")


def test_lines_have_no_control_characters_and_hints_are_left_out_where_it_is_quiet() -> None:
    stream = io.StringIO()
    lines = Lines(stream, is_quiet=True)
    lines.line("\x1b[2J")
    lines.hint("nobody computes")
    assert stream.getvalue() == "comp-pool:  [2J\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_leaves_an_output_that_is_no_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    output, terminal = io.StringIO(), Terminal()
    monkeypatch.setattr(sys, "stdout", output)
    bar = Bar(terminal)
    sys.stdout.write("4711\n")
    bar.close()
    assert (output.getvalue(), "4711" in terminal.getvalue()) == ("4711\n", False)


def test_on_one_terminal_results_are_above_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    bar = Bar(terminal)
    sys.stdout.write("4711\n")
    bar.close()
    assert "4711\n" in terminal.getvalue()


def test_the_bar_shows_lines_as_they_are() -> None:
    stream = io.StringIO()
    bar = Bar(stream)
    bar.update(3, 10, is_complete=False)
    bar.line("[bold]no luck")
    bar.hint("nobody computes")
    bar.close()
    assert "comp-pool: [bold]no luck\ncomp-pool: nobody computes" in stream.getvalue()
