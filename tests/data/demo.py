"""The demo jobs of data/jobs for tests: their work is done in V8, as at a volunteer, and judged in QuickJS, as on
the server."""

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

# JavaScript expressions that are no honest document, whole or as a field: JSON could not carry all of them.
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

# For the jobs whose own variables are too few to test them: more of those that flows would make or name.
FURTHER = {
    "prime-sum": {
        "halves": {"0000000-0000015": 6, "0000015-0000030": 4},
        "not-in-order": {"0000020-0000030": 2, "0000000-0000010": 4, "0000010-0000020": 4},
    },
    "square-root": {
        "three": {"number": "3", "digits": 20},
        "zero-behind-the-point": {"number": "1000000", "digits": 100},
    },
}

# A worker's context goes on from one unit to the next, without the result.
KEPT = "(globalThis.kept ??= {}, delete kept.result, kept)"


# What takes the place of an execute_function that needs more than V8. It has a browser test of its own.
STAND_INS = {
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
    """One folder: its document, the sources of its functions, and its variables by id, FURTHER ones last.

    `own` are those of the folder alone; `computes` is the source of what computes in V8: the execute_function, mostly.
    """

    def __init__(self, slug):
        folder = FOLDER / slug
        self.slug = slug
        self.document = json.loads((folder / "job.json").read_text("utf-8"))
        self.source = {name: (folder / f"{name}.js").read_text("utf-8") for name in FUNCTIONS}
        self.computes = STAND_INS.get(slug, self.source["execute_function"])
        self.lines = [json.loads(line) for line in (folder / "variables.ndjson").read_bytes().splitlines()]
        self.own = {line["id"]: line["variable"] for line in self.lines}
        self.variables = self.own | FURTHER.get(slug, {})


job_of = functools.cache(Job)


def in_v8(source, calls):
    """What the function answers to each call, one after the other in one isolate; calls are expressions."""
    with MiniRacer() as engine:
        engine.eval(f"globalThis.subject = ({source}\n); 0")
        return [json.loads(engine.eval(f"JSON.stringify(subject({call}))")) for call in calls]


def in_quickjs(source, *arguments):
    """What the function answers; arguments are JavaScript expressions."""
    return dukpy.evaljs(f"({source}\n)({', '.join(arguments)})")


def execute(job, variables, context="{}"):
    """The results of the variables in V8, each from a context of its own."""
    calls = [f"{json.dumps(variable)}, {context}" for variable in variables]
    return [answer["result"] for answer in in_v8(job.computes, calls)]


@functools.cache
def results_of(slug):
    """The result of every variable by id, from V8, with the context kept from each to the next."""
    job = job_of(slug)
    calls = [f"{json.dumps(variable)}, {KEPT}" for variable in job.variables.values()]
    answers = in_v8(job.computes, calls)
    return {variable_id: answer["result"] for variable_id, answer in zip(job.variables, answers, strict=True)}


def judge_variable(job, variable):
    return in_quickjs(job.source["validate_variable"], variable, "{}")


def judge_result(job, variable_id, result):
    """The server's verdict on a result, given as a JavaScript expression."""
    return in_quickjs(job.source["validate_result"], json.dumps(job.variables[variable_id]), result, "{}")


@functools.cache
def verdicts_of(slug):
    """The verdict on every honest result by id, with the seconds of CPU it took."""
    verdicts = {}
    for variable_id, result in results_of(slug).items():
        started = time.process_time()
        verdict = judge_result(job_of(slug), variable_id, json.dumps(result))
        verdicts[variable_id] = verdict, time.process_time() - started
    return verdicts


def is_prime(number):
    """Whether a number is a prime, by trial division."""
    return number > 1 and all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


def override(document, field, expression):
    """A JavaScript expression: the document with one field replaced."""
    return f"Object.assign({json.dumps(document)}, {{{json.dumps(field)}: {expression}}})"


def is_refusal(verdict, *words):
    """Whether the verdict refuses and its reason holds all the words."""
    return verdict["valid"] is False and all(re.search(rf"\b{word}\b", verdict["reason"]) for word in words)


def pause_others(server, open_jobs):
    """Pauses every job of a running server but these."""
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
