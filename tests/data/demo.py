"""The demo jobs of data/jobs: tests execute them in V8, as a volunteer does, and validate in QuickJS, as the server."""

import functools
import json
import math
import re
import time
from pathlib import Path

import dukpy
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
FUNCTIONS = ("execute_function", "validate_variable", "validate_result")
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
      const { radius, from, to } = variable;
      context.result = { counts: [] };
      for (let x = from; x < to; x++) {
        const square = radius * radius - x * x;
        const last = Math.floor(Math.sqrt(square));
        let points = 0;
        for (let y = 0; y <= last; y++) points += (y ? 4 : 2) * Math.floor(Math.sqrt(square - y * y)) + (y ? 2 : 1);
        context.result.counts.push(points);
      }
      return context;
    }"""
}


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


def in_quickjs(source, *arguments):
    """The return value of one call. `arguments` are JavaScript expressions."""
    return dukpy.evaljs(f"({source}\n)({', '.join(arguments)})")


def execute(job, variables, context="{}"):
    """The results of the variables in V8, each in its own context."""
    calls = [f"{json.dumps(variable)}, {context}" for variable in variables]
    return [value["result"] for value in in_v8(job.execute_source, calls)]


@functools.cache
def results_of(slug):
    """The result of every variable by id, from V8, in one context that lasts from unit to unit."""
    job = job_of(slug)
    calls = [f"{json.dumps(variable)}, {SHARED_CONTEXT}" for variable in job.variables.values()]
    values = in_v8(job.execute_source, calls)
    return {variable_id: value["result"] for variable_id, value in zip(job.variables, values, strict=True)}


def validate_variable(job, variable):
    return in_quickjs(job.source["validate_variable"], variable, "{}")


def validate_result(job, variable_id, result):
    """The verdict of the job's validator on a result, given as a JavaScript expression."""
    return in_quickjs(job.source["validate_result"], json.dumps(job.variables[variable_id]), result, "{}")


@functools.cache
def verdicts_of(slug):
    """The verdict on every correct result by id, with its CPU time in seconds."""
    verdicts = {}
    for variable_id, result in results_of(slug).items():
        started = time.process_time()
        verdict = validate_result(job_of(slug), variable_id, json.dumps(result))
        verdicts[variable_id] = verdict, time.process_time() - started
    return verdicts


def is_prime(number):
    """Whether a number is a prime, by trial division."""
    return number > 1 and all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


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
