"""The demo jobs of data/jobs: tests execute them in V8, as a volunteer does, and validate in QuickJS, as the server."""

import functools
import itertools
import json
import math
import re
from pathlib import Path

import dukpy
import pytest
from py_mini_racer import MiniRacer

FOLDER = Path(__file__).parents[2] / "data" / "jobs"
SLUGS = (
    "hash-of-hashes",
    "mandelbrot",
    "n-queens",
    "points-in-a-ball",
    "prime-count",
    "prime-factors",
    "prime-gap",
    "prime-segments",
    "prime-sum",
    "prime-test",
    "square-root",
)
FUNCTIONS = ("execute_function", "validate_variable", "validate_result", "render")
LANGUAGES = ("en", "es", "de", "fr")
SERVER_CPU_SECONDS = 0.25

# JavaScript expressions of invalid values, for a whole document or one field. JSON cannot represent all of them.
HOSTILE = (
    "undefined",
    "null",
    "true",
    "NaN",
    "Infinity",
    "-1",
    "0.5",
    "1e308",
    "'text'",
    "'__proto__'",
    "{}",
    "[]",
    "[, 1]",
    "[null]",
    "[[[]]]",
    "new Array(4294967295)",
    "{length: 1e15}",
)

# More variables, such as flows make or name, for jobs with too few of their own for a test.
EXTRA_VARIABLES = {
    "prime-sum": {
        "halves": {"0000000-0000015": 6, "0000015-0000030": 4},
        "not-in-order": {"0000020-0000030": 2, "0000000-0000010": 4, "0000010-0000020": 4},
    },
    "square-root": {
        "three": {"number": "3", "digits": 20},
        "zero-behind-the-point": {"number": "1000000", "digits": 100},
    },
}

# A worker's context lasts from unit to unit, without the result.
SHARED_CONTEXT = "(globalThis.shared ??= {}, delete shared.result, shared)"


# Replacements of functions that need more than V8. Browser tests cover the originals.
SUBSTITUTES = {
    "points-in-a-ball": """(variable, context) => {
      // By symmetry: the points of each disc on its axes, and four times those between the axes, from the diagonal on.
      const pointsOfDisc = (square) => {
        const edge = Math.floor(Math.sqrt(square));
        let points = 0;
        for (let x = edge, y = 1; y <= x; y++) {
          while (x * x + y * y > square) x--;
          if (x >= y) points += 2 * (x - y) + 1;
        }
        return 1 + 4 * edge + 4 * points;
      };
      const { radius, from, to } = variable;
      context.result = { counts: [] };
      for (let x = from; x < to; x++) context.result.counts.push(pointsOfDisc(radius * radius - x * x));
      return context;
    }"""
}
# The jobs whose own function the tests of this directory execute.
EXECUTED = tuple(slug for slug in SLUGS if slug not in SUBSTITUTES)
# Of a job whose variables take a tenth of a second each, every twentieth one is computed.
STRIDES = {"prime-factors": 20}


class Job:
    """One folder: its document, the sources of its functions, and its variables by id, with EXTRA_VARIABLES last.

    `own` are the variables of the folder alone. `execute_source` is the execute_function, or its substitute for V8.
    """

    def __init__(self, slug):
        folder = FOLDER / slug
        self.slug = slug
        self.document = json.loads((folder / "job.json").read_text("utf-8"))
        self.source = {name: (folder / f"{name}.js").read_text("utf-8") for name in FUNCTIONS}
        self.execute_source = SUBSTITUTES.get(slug, self.source["execute_function"])
        self.lines = [json.loads(line) for line in (folder / "variables.ndjson").read_bytes().splitlines()]
        self.own = {line["id"]: line["variable"] for line in self.lines}
        self.variables = self.own | EXTRA_VARIABLES.get(slug, {})


job_of = functools.cache(Job)


def in_v8(source, calls):
    """The return values of consecutive calls in one isolate. `calls` are JavaScript argument lists."""
    with MiniRacer() as engine:
        engine.eval(f"globalThis.subject = ({source}\n); 0")
        return [json.loads(engine.eval(f"JSON.stringify(subject({call}))")) for call in calls]


def in_quickjs(source, calls):
    """The return values of consecutive calls in one context, as the server's engine computes them."""
    return dukpy.evaljs(f"{{ const subject = ({source}\n); [{', '.join(f'subject({call})' for call in calls)}] }}")


def execute(job, variables, context="{}"):
    """The results of the variables in V8, each in its own context."""
    calls = [f"{json.dumps(variable)}, {context}" for variable in variables]
    return [value["result"] for value in in_v8(job.execute_source, calls)]


@functools.cache
def results_of(slug):
    """The results by id, of all variables unless STRIDES says else, from V8, in one context from unit to unit."""
    job = job_of(slug)
    variables = dict(itertools.islice(job.variables.items(), 0, None, STRIDES.get(slug, 1)))
    calls = [f"{json.dumps(variable)}, {SHARED_CONTEXT}" for variable in variables.values()]
    values = in_v8(job.execute_source, calls)
    return {variable_id: value["result"] for variable_id, value in zip(variables, values, strict=True)}


def grouped(*rows):
    """Parameters that begin with a slug: the tests of a job share a process, and so its results."""
    rows = (row if isinstance(row, tuple) else (row,) for row in rows)
    return [pytest.param(*row, marks=pytest.mark.xdist_group(row[0])) for row in rows]


def sample_of(items):
    """At most five of the items, evenly spaced, the first and the last among them."""
    items = list(items)
    return [items[place * (len(items) - 1) // 4] for place in range(5)] if len(items) > 5 else items


def validate_variables(job, variables):
    """The verdicts of the job's validator on variables, given as JavaScript expressions."""
    return in_quickjs(job.source["validate_variable"], [f"{variable}, {{}}" for variable in variables])


def validate_variable(job, variable):
    return validate_variables(job, [variable])[0]


def validate_results(job, variable_id, results):
    """The verdicts of the job's validator on results of one variable, given as JavaScript expressions."""
    variable = json.dumps(job.variables[variable_id])
    return in_quickjs(job.source["validate_result"], [f"{variable}, {result}, {{}}" for result in results])


def validate_result(job, variable_id, result):
    return validate_results(job, variable_id, [result])[0]


def judge_all(job, results):
    """The verdicts on one result of each variable, by id, from V8, which is faster than the server's engine."""
    calls = [f"{json.dumps(job.variables[name])}, {json.dumps(result)}, {{}}" for name, result in results.items()]
    return dict(zip(results, in_v8(job.source["validate_result"], calls), strict=True))


def is_prime(number):
    """Whether a number is a prime, by trial division."""
    return number > 1 and all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


def not_rejected(cases, verdicts, *words):
    """The cases whose verdict is no rejection with these words."""
    return [case for case, verdict in zip(cases, verdicts, strict=True) if not is_rejection(verdict, *words)]


def override(document, field, expression):
    """A JavaScript expression: the document with one field replaced."""
    return f"Object.assign({json.dumps(document)}, {{{json.dumps(field)}: {expression}}})"


def is_rejection(verdict, *words):
    """Whether the verdict is a rejection, and its reason contains all the words."""
    return verdict["valid"] is False and all(re.search(rf"\b{word}\b", verdict["reason"]) for word in words)


def pause_others(server, open_jobs):
    """Pauses all jobs of a running server except these."""
    for item in server.get("/jobs/index")["_embedded"]["items"]:
        if item["id"] not in open_jobs:
            server.post(f"/jobs/{item['id']}", {"state": "paused"}, "PATCH")


def post_demo(server, name, count):
    """Posts a demo job with the first few of its variables to a running server; returns its path."""
    job = job_of(name)
    server.post("/jobs", {**job.document, **job.source})
    for variable_id, variable in list(job.own.items())[:count]:
        server.post(f"/jobs/{name}/variables/{variable_id}", variable, "PUT")
    return f"/jobs/{name}"
