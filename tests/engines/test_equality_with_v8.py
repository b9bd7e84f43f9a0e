"""The built-ins of both QuickJS engines, on the server and in Node, compared with V8's on seeded random arguments.

`COMP_POOL_TEST_CALLS=1000` makes that many calls of each built-in, with another seed each time; the tests make few.
What differs is named in docs/jobs.md.
"""

from __future__ import annotations

import functools
import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engines.engines import Engines

CALLS = (Path(__file__).parent / "calls.js").read_text(encoding="utf-8").rstrip()
COUNT = int(os.environ.get("COMP_POOL_TEST_CALLS", "5"))
SEED = random.getrandbits(31) if "COMP_POOL_TEST_CALLS" in os.environ else 20141202
# One process makes so many at most: the texts of more exceed its memory.
BATCH = 40

Outcome = tuple[str, str, str]  # The call, V8's outcome and the other one.
Outcomes = dict[str, list[list[str]]]  # Calls and their outcomes, by built-in.
NUMBER = re.compile(r"0x([0-9a-f]{16})\b")
MAX_DISTANCE = 4


def are_close(outcome: Outcome) -> bool:
    """Whether the numbers of both differ in their last digits alone."""
    expected, found = ([int(bits, 16) for bits in NUMBER.findall(text)] for text in outcome[1:])
    texts = [NUMBER.sub("", text) for text in outcome[1:]]
    return texts[0] == texts[1] and all(
        abs(one - two) <= MAX_DISTANCE for one, two in zip(expected, found, strict=True)
    )


def names_zone(outcome: Outcome) -> bool:
    return re.sub(r" \([^)]*\)", "", outcome[1]) == outcome[2]


def is_unlike(outcome: Outcome) -> bool:
    return outcome[1] != outcome[2]


def repeats_a_name(outcome: Outcome) -> bool:
    return outcome[0].count("(?<n>") > 1


def ignores_case_of_properties(outcome: Outcome) -> bool:
    return "iu" in outcome[0] or "gimsuy" in outcome[0]


def has_zero_in_indent(outcome: Outcome) -> bool:
    return "\\u0000" in outcome[0].rpartition(", ")[2]


LAST_DIGITS = "acosh?|asinh?|atanh?|atan2|cosh?|exp|expm1|hypot|log|log10|log1p|log2|pow|sinh?|tanh?"
# By built-in: which differences are known. All are named in docs/jobs.md.
KNOWN: dict[str, Callable[[Outcome], bool]] = {
    rf"Math\.({LAST_DIGITS})( of -40 to 40)?": are_close,
    r"Date\.prototype\.(toString|toTimeString)|Date\(\)": names_zone,
    r"Date\.parse": is_unlike,
    r"String\.prototype\.(fontcolor|fontsize|link)": is_unlike,
    r"RegExp with v|RegExp syntax": is_unlike,
    r"RegExp\.\w+|String\.prototype\.(match|matchAll|replace|replaceAll|search|split)": lambda outcome: (
        repeats_a_name(outcome) or ignores_case_of_properties(outcome)
    ),
    # Which of two errors comes first; an empty array of the other kind.
    r"(BigInt )?typed array\.(with|set)": is_unlike,
    r"Iterator\.prototype\.(take|drop)": is_unlike,
    # With a comparator that is no order.
    r"(Array\.prototype|sparse array|array-like|(BigInt )?typed array)\.(sort|toSorted)": is_unlike,
    r"case of U\+(800|c00)": is_unlike,
    r"mixed (<|>=)|(mixed|BigInt) (\*\*|<<|>>)": is_unlike,
    # V8 cuts the indent there.
    r"JSON\.stringify": has_zero_in_indent,
    r"Number\.parseInt": is_unlike,
    r"DataView Float(16|32|64)|DataView\.prototype\.\w+": lambda outcome: "NaN" in outcome[0] + outcome[1],
}


def is_known(builtin: str, outcome: Outcome) -> bool:
    return any(re.fullmatch(pattern, builtin) and allows(outcome) for pattern, allows in KNOWN.items())


def differences(expected: Outcomes, found: Outcomes) -> list[str]:
    lines = []
    for builtin in sorted(expected.keys() & found.keys()):
        for (call, wanted), (other_call, outcome) in zip(expected[builtin], found[builtin], strict=True):
            if call != other_call and not repeats_a_name((call + other_call, wanted, outcome)):
                lines.append(f"{builtin}: other arguments, {call} and {other_call}")
            elif call == other_call and wanted != outcome and not is_known(builtin, (call, wanted, outcome)):
                lines.append(f"{builtin}({call}): {wanted} in V8, here {outcome}")
    return lines


@pytest.fixture(scope="module")
def outcomes(engines: Engines) -> Callable[[str, int, int], Outcomes]:
    """The outcomes in an engine, of a seed and a number of calls. Those of V8 serve both comparisons."""

    @functools.cache
    def evaluate(engine: str, seed: int, count: int) -> Outcomes:
        return dict(json.loads(engines.by_name[engine](f"() => ({CALLS})({seed}, {count})")))

    return evaluate


@pytest.mark.parametrize("engine", ["server", "node"])
def test_built_ins_return_what_they_return_in_v8(outcomes: Callable[[str, int, int], Outcomes], engine: str) -> None:
    for start in range(0, COUNT, BATCH):
        count = min(BATCH, COUNT - start)
        expected, found = (outcomes(name, SEED + start, count) for name in ("python", engine))
        assert sum(map(len, expected.values())) > 500 * count
        assert set(expected) <= set(found)
        lines = differences(expected, found)
        assert not lines, f"{len(lines)} with the seed {SEED + start}:\n" + "\n".join(lines[:40])
