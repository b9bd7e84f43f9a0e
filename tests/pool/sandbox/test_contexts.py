"""The contexts of a sandbox process: which calls get a fresh one, and which one that a pure function has used."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from pool.sandbox import child, engine
from pool.sandbox.needs import Needs

EVERYTHING = Needs(("BaseObjects",), ())
KEPT, OTHERS = Needs(("JSON",), (), kept=True), Needs(("JSON",), ())


class Context:
    made: ClassVar[list[Context]] = []

    def __init__(self, needs: Needs) -> None:
        self.needs, self.calls, self.used_bytes, self.is_closed = needs, 0, 100_000, False
        self.made.append(self)

    def close(self) -> None:
        assert not self.is_closed
        self.is_closed = True


class Engine:
    everything = EVERYTHING
    heap = 0

    def heap_end(self) -> int:
        return self.heap

    def context(self, needs: Needs, _console: Any) -> Context:
        return Context(needs)


@pytest.fixture
def contexts() -> child.Contexts:
    Context.made.clear()
    return child.Contexts(Engine(), None)


def used(contexts: child.Contexts, needs: Needs, function: str) -> Context:
    context: Context = contexts.get(needs, function)
    assert not context.is_closed
    context.calls += 1
    contexts.renew()
    return context


def test_a_pure_function_gets_its_context_again(contexts: child.Contexts) -> None:
    assert used(contexts, KEPT, "a") is used(contexts, KEPT, "a")


def test_another_function_does_not_get_it(contexts: child.Contexts) -> None:
    assert used(contexts, KEPT, "a") is not used(contexts, KEPT, "b")


def test_functions_that_take_turns_keep_theirs(contexts: child.Contexts) -> None:
    first = [used(contexts, KEPT, name) for name in "abc"]
    assert [used(contexts, KEPT, name) for name in "cba"] == first[::-1]


def test_each_call_of_another_function_has_a_context_of_its_own(contexts: child.Contexts) -> None:
    assert len({used(contexts, OTHERS, "a") for _ in range(3)}) == 3


def test_a_context_makes_so_many_calls_and_no_more(contexts: child.Contexts) -> None:
    found = [used(contexts, KEPT, "a") for _ in range(contexts.MAX_CALLS + 1)]
    assert len(set(found)) == 2
    assert [context.is_closed for context in (found[0], found[-1])] == [True, False]


def test_the_contexts_that_are_kept_are_bounded(contexts: child.Contexts) -> None:
    first = used(contexts, KEPT, "0")
    for number in range(1, 20):
        used(contexts, KEPT, str(number))
    assert first.is_closed
    # And a fresh one.
    assert sum(not context.is_closed for context in Context.made) == contexts.MAX_KEPT + 1


def test_a_context_in_which_much_memory_is_left_is_dropped(contexts: child.Contexts) -> None:
    context = used(contexts, KEPT, "a")
    context.used_bytes = contexts.MAX_BYTES + 1
    assert used(contexts, KEPT, "a") is context
    assert context.is_closed


def test_contexts_that_keep_memory_from_others_are_dropped(
    contexts: child.Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [used(contexts, KEPT, name) for name in "ab"]
    monkeypatch.setattr(Engine, "heap", contexts.MAX_GROWTH)
    assert used(contexts, KEPT, "a") is kept[0]
    monkeypatch.setattr(Engine, "heap", contexts.MAX_GROWTH + 1)
    assert used(contexts, KEPT, "a") is kept[0]
    assert [context.is_closed for context in kept] == [True, True]
    # What remains is not due to them.
    kept = [used(contexts, KEPT, name) for name in "aab"]
    assert not any(context.is_closed for context in kept)


def test_the_memory_of_a_context_is_looked_at_when_a_round_trip_ends(contexts: child.Contexts) -> None:
    context: Any = contexts.get(KEPT, "a")
    context.used_bytes = contexts.MAX_BYTES + 1
    contexts.renew(is_last=False)
    assert contexts.get(KEPT, "a") is context
    contexts.renew(is_last=True)
    assert context.is_closed


def test_what_failed_is_dropped(contexts: child.Contexts) -> None:
    failed = contexts.get(KEPT, "a")
    again = contexts.get(OTHERS, "a")
    contexts.renew()
    assert (failed.is_closed, again.is_closed) == (True, True)
    assert used(contexts, KEPT, "a") is not failed


def respond(contexts: child.Contexts, made: Any, source: str, *arguments: Any) -> tuple[str, Any]:
    request = child.Request(b"call ", 1.0, 1000, 100, source.encode(), [])
    kind, content = child.respond(made, contexts, request, json.dumps({"args": arguments, "seed": 5}).encode()[1:])
    contexts.renew()
    return kind, json.loads(content)


def test_a_call_that_fails_in_a_context_that_is_kept_is_made_again_in_one_of_its_own() -> None:
    made = engine.make_engine(1 << 20)
    contexts = child.Contexts(made, print)
    source = "(x) => ({ then: (resolve) => Array.from([x], resolve) })"
    assert made.function(source.encode()).needs.kept
    assert [respond(contexts, made, source, number) for number in (1, 2)] == [("value", 1), ("value", 2)]
    source = "() => { throw new Error('x'); }"
    assert made.function(source.encode()).needs.kept
    assert [respond(contexts, made, source)[0] for _ in range(2)] == ["error"] * 2


def test_memory_that_a_call_leaves_behind_is_seen() -> None:
    context = engine.make_engine(1 << 20).context(engine.EVERYTHING, print)
    before = context.used_bytes
    assert before < 200_000
    code = context.compiled(b"() => () => { globalThis.kept = 'x'.repeat(1e6); }", b"<test>")
    context.call(code, b'{"args": [], "maxValue": 1, "maxConsole": 1}')
    assert before + 1_000_000 < context.used_bytes < before + 1_100_000
    context.close()


def test_random_numbers_begin_alike_in_each_call() -> None:
    made = engine.make_engine(1 << 20)
    contexts = child.Contexts(made, print)
    source = "(x) => [Math.random(), Math.random()]"
    assert made.function(source.encode()).needs.kept
    first, second = (respond(contexts, made, source, 1) for _ in range(2))
    assert first == second
