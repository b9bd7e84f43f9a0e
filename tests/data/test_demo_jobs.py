"""The demo jobs of data/jobs: their work is done here in V8, as at a volunteer, and judged in QuickJS, as on
the server. Where a number is known or can be found in Python by other means, it is compared with that."""

import copy
import functools
import itertools
import json
import random
import re
import time
from pathlib import Path

import dukpy
import pytest
from py_mini_racer import MiniRacer
from slugify import slugify

FOLDER = Path(__file__).parents[2] / "data" / "jobs"
SLUGS = ("hash-of-hashes", "mandelbrot", "n-queens", "prime-count")
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


class Job:
    """One folder: its document, the sources of its functions, and its variables by id."""

    def __init__(self, slug):
        folder = FOLDER / slug
        self.slug = slug
        self.document = json.loads((folder / "job.json").read_text("utf-8"))
        self.source = {name: (folder / f"{name}.js").read_text("utf-8") for name in FUNCTIONS}
        self.lines = [json.loads(line) for line in (folder / "variables.ndjson").read_bytes().splitlines()]
        self.variables = {line["id"]: line["variable"] for line in self.lines}


job_of = functools.cache(Job)


@pytest.fixture(params=SLUGS)
def job(request):
    return job_of(request.param)


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
    return [answer["result"] for answer in in_v8(job.source["execute_function"], calls)]


@functools.cache
def results_of(slug):
    """The result of every variable by id, from V8, with the context kept from each to the next."""
    job = job_of(slug)
    calls = [f"{json.dumps(variable)}, globalThis.kept ??= {{}}" for variable in job.variables.values()]
    answers = in_v8(job.source["execute_function"], calls)
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


def override(document, field, expression):
    """A JavaScript expression: the document with one field replaced."""
    return f"Object.assign({json.dumps(document)}, {{{field}: {expression}}})"


def is_refusal(verdict, *words):
    """Whether the verdict refuses and its reason holds all the words."""
    return verdict["valid"] is False and all(re.search(rf"\b{word}\b", verdict["reason"]) for word in words)


# The folders


def test_the_demo_jobs_are_these():
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) == list(SLUGS)


def test_folder_is_the_slug_of_the_name(job):
    assert slugify(job.document["name"]) == job.slug


def test_folder_holds_these_files(job):
    expected = {"job.json", "variables.ndjson", *(f"{name}.js" for name in FUNCTIONS)}
    assert {path.name for path in (FOLDER / job.slug).iterdir()} == expected


def test_document_holds_no_functions(job):
    assert set(job.document) == {"name", "metadata", "settings"}


def test_settings_are_known_ones(job):
    assert set(job.document["settings"]) <= {"lease_seconds", "max_errors", "require_lease"}


def test_owner_is_named(job):
    assert job.document["metadata"]["owner"] == "comp-pool"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["description", "short_description"])
def test_text_exists_in_every_language(job, text, language):
    assert job.document["metadata"][text][language].strip()


@pytest.mark.parametrize("text", ["description", "short_description"])
def test_no_text_is_left_untranslated(job, text):
    assert len(set(job.document["metadata"][text].values())) == len(job.document["metadata"][text])


def test_variables_file_is_modest(job):
    assert (FOLDER / job.slug / "variables.ndjson").stat().st_size < 200_000


def test_lines_hold_an_id_and_a_variable(job):
    assert all(set(line) == {"id", "variable"} for line in job.lines)


def test_ids_are_valid(job):
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", line["id"]) for line in job.lines)


def test_ids_are_unique(job):
    assert len(job.variables) == len(job.lines)


def test_ids_are_sorted(job):
    assert list(job.variables) == sorted(job.variables)


def test_variables_are_unique(job):
    assert len({json.dumps(variable) for variable in job.variables.values()}) == len(job.variables)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_one_expression_in_quickjs(job, name):
    assert dukpy.evaljs(f"typeof (\n{job.source[name]}\n)") == "function"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_one_expression_in_v8(job, name):
    with MiniRacer() as engine:
        assert engine.eval(f"typeof ({job.source[name]}\n)") == "function"


# Honest work


def test_every_variable_is_accepted(job):
    verdicts = [judge_variable(job, json.dumps(variable)) for variable in job.variables.values()]
    assert verdicts == [True] * len(verdicts)


def test_every_honest_result_is_accepted(job):
    assert all(verdict["valid"] is True for verdict, _ in verdicts_of(job.slug).values())


def test_what_is_stored_is_the_honest_result(job):
    stored = {variable_id: verdict["result"] for variable_id, (verdict, _) in verdicts_of(job.slug).items()}
    assert stored == results_of(job.slug)


def test_verdict_takes_less_than_the_server_allows(job):
    assert max(seconds for _, seconds in verdicts_of(job.slug).values()) < SERVER_CPU_SECONDS


def test_quickjs_computes_the_same_results(job):
    sample = dict(itertools.islice(job.variables.items(), 0, None, len(job.variables) // 4))
    source = job.source["execute_function"]
    computed = {key: in_quickjs(source, json.dumps(value), "{}")["result"] for key, value in sample.items()}
    assert computed == {key: results_of(job.slug)[key] for key in sample}


@pytest.mark.parametrize("context", ["{}", "{primes: 'text'}", "{primes: null, rows: 1}", "{primes: {below: 1e9}}"])
def test_result_is_the_same_from_any_context(job, context):
    variables, results = list(job.variables.values())[::5], list(results_of(job.slug).values())[::5]
    assert execute(job, variables, context) == results


def test_result_is_the_same_in_reverse_order(job):
    calls = [f"{json.dumps(variable)}, globalThis.kept ??= {{}}" for variable in reversed(job.variables.values())]
    answers = in_v8(job.source["execute_function"], calls)
    assert [answer["result"] for answer in reversed(answers)] == list(results_of(job.slug).values())


def test_the_context_itself_is_returned(job):
    variable = json.dumps(next(iter(job.variables.values())))
    source = f"(variable, context) => ({job.source['execute_function']}\n)(variable, context) === context"
    assert in_v8(source, [f"{variable}, {{}}"]) == [True]


def test_the_variable_is_left_as_it_was(job):
    variable = next(iter(job.variables.values()))
    source = f"(variable) => (({job.source['execute_function']}\n)(variable, {{}}), variable)"
    assert in_v8(source, [json.dumps(variable)]) == [variable]


# Lies about the result


@pytest.mark.parametrize("result", HOSTILE)
def test_hostile_result_is_refused_with_a_reason(job, result):
    assert is_refusal(judge_result(job, next(iter(job.variables)), result))


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_field_of_a_result_is_refused_by_name(job, value):
    variable_id, result = next(iter(results_of(job.slug).items()))
    for field in result:
        assert is_refusal(judge_result(job, variable_id, override(result, field, value)), field)


def test_missing_field_of_a_result_is_refused_by_name(job):
    variable_id, result = next(iter(results_of(job.slug).items()))
    for field in result:
        rest = {key: value for key, value in result.items() if key != field}
        assert is_refusal(judge_result(job, variable_id, json.dumps(rest)), field)


def test_honest_result_of_another_variable_is_refused(job):
    (variable_id, honest), *others = results_of(job.slug).items()
    other = next(result for _, result in others if result != honest)
    assert is_refusal(judge_result(job, variable_id, json.dumps(other)))


def test_what_nobody_asked_for_is_not_stored(job):
    variable_id, result = next(iter(results_of(job.slug).items()))
    verdict = judge_result(job, variable_id, json.dumps({**result, "advertisement": "buy"}))
    assert verdict["result"] == result


@pytest.mark.parametrize(
    ("slug", "field"),
    [("hash-of-hashes", "hash"), ("n-queens", "count"), ("prime-count", "count"), ("prime-count", "twins")],
)
def test_number_off_by_one_is_refused_everywhere(slug, field):
    for (variable_id, result), error in zip(results_of(slug).items(), itertools.cycle((1, -1)), strict=False):
        lie = {**result, field: result[field] + error}
        assert is_refusal(judge_result(job_of(slug), variable_id, json.dumps(lie)), field)


@pytest.mark.parametrize(
    ("slug", "field"), [("hash-of-hashes", "hash"), ("n-queens", "count"), ("prime-count", "count")]
)
def test_refusal_keeps_the_right_answer_to_itself(slug, field):
    variable_id, result = list(results_of(slug).items())[-1]
    verdict = judge_result(job_of(slug), variable_id, json.dumps({**result, field: result[field] + 1}))
    assert str(result[field]) not in verdict["reason"]


@pytest.mark.parametrize("place", [0, 11, -1])
@pytest.mark.parametrize("error", [-1, 1])
def test_single_hash_off_by_one_is_refused(place, error):
    variable_id, result = list(results_of("hash-of-hashes").items())[7]
    lie = copy.deepcopy(result)
    lie["hashes"][place] += error
    assert is_refusal(judge_result(job_of("hash-of-hashes"), variable_id, json.dumps(lie)), "hashes")


@pytest.mark.parametrize(
    "change", [lambda hashes: hashes[:-1], lambda hashes: [*hashes, 0], lambda hashes: hashes[::-1]]
)
def test_hashes_of_other_number_or_order_are_refused(change):
    variable_id, result = list(results_of("hash-of-hashes").items())[7]
    lie = {**result, "hashes": change(result["hashes"])}
    assert is_refusal(judge_result(job_of("hash-of-hashes"), variable_id, json.dumps(lie)), "hashes")


def repaint(rows, change, pixels):
    """The rows of a tile with the counts of the given pixels, (x, y), changed."""
    rows = list(rows)
    for x, y in pixels:
        count = change(int(rows[y][2 * x : 2 * x + 2], 36))
        rows[y] = rows[y][: 2 * x] + in_base_36(count) + rows[y][2 * x + 2 :]
    return rows


def in_base_36(count):
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[count // 36] + digits[count % 36]


def refuse_tile(variable_id, rows):
    return is_refusal(judge_result(job_of("mandelbrot"), variable_id, json.dumps({"rows": rows})), "rows")


@pytest.mark.parametrize("error", [-1, 1])
@pytest.mark.parametrize("pixel", [(0, 0), (99, 0), (42, 57), (99, 99)])
def test_single_pixel_off_by_one_is_refused_where_counts_are_low(pixel, error):
    rows = results_of("mandelbrot")["tile-00-00"]["rows"]
    assert refuse_tile("tile-00-00", repaint(rows, lambda count: count + error, [pixel]))


@pytest.mark.parametrize("made_up", [1, 999])
def test_made_up_pixels_are_refused_where_counts_are_high(made_up):
    pixels = list(itertools.product(range(100), range(100)))[::5]  # all missed: less than once in 10 ** 38
    rows = repaint(results_of("mandelbrot")["tile-04-02"]["rows"], lambda count: made_up, pixels)
    assert refuse_tile("tile-04-02", rows)


@pytest.mark.parametrize("pixel", ["00", "rt", "zz", "AA", "-1", "1.", "é0", "\n1", " 1"])
def test_pixel_out_of_range_is_refused(pixel):
    rows = results_of("mandelbrot")["tile-04-02"]["rows"]
    assert refuse_tile("tile-04-02", [rows[0][:-2] + pixel, *rows[1:]])


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[:-1],
        lambda rows: [*rows, rows[-1]],
        lambda rows: [rows[0][:-1], *rows[1:]],
        lambda rows: [rows[0] + "01", *rows[1:]],
        lambda rows: [rows[0] * 5000, *rows[1:]],
        lambda rows: [list(rows[0]), *rows[1:]],
        lambda rows: [None, *rows[1:]],
    ],
)
def test_tile_of_another_shape_is_refused(change):
    assert refuse_tile("tile-04-02", change(results_of("mandelbrot")["tile-04-02"]["rows"]))


# Bad variables


@pytest.mark.parametrize("variable", HOSTILE)
def test_hostile_variable_is_refused_with_a_reason(job, variable):
    assert is_refusal(judge_variable(job, variable))


# Those of the hostile values that are honest in this one field.
HONEST = {("mandelbrot", "left"): ("-1", "0.5"), ("mandelbrot", "top"): ("-1", "0.5"), ("mandelbrot", "step"): ("0.5",)}


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_field_of_a_variable_is_refused_by_name(job, value):
    variable = list(job.variables.values())[-1]
    for field in variable:
        if value not in HONEST.get((job.slug, field), ()):
            assert is_refusal(judge_variable(job, override(variable, field, value)), field)


def test_missing_field_of_a_variable_is_refused_by_name(job):
    variable = list(job.variables.values())[-1]
    for field in variable:
        rest = {key: value for key, value in variable.items() if key != field}
        assert is_refusal(judge_variable(job, json.dumps(rest)), field)


@pytest.mark.parametrize(
    ("slug", "changes", "field"),
    [
        ("hash-of-hashes", {"strings": ["a", 1]}, "strings"),
        ("hash-of-hashes", {"strings": ["a"] * 101}, "strings"),
        ("hash-of-hashes", {"strings": ["a" * 1001]}, "strings"),
        ("hash-of-hashes", {"strings": "text"}, "strings"),
        ("mandelbrot", {"left": -4.001}, "left"),
        ("mandelbrot", {"top": 4.001}, "top"),
        ("mandelbrot", {"step": 0}, "step"),
        ("mandelbrot", {"step": 1.001}, "step"),
        ("mandelbrot", {"column": 100001}, "column"),
        ("mandelbrot", {"row": 2.5}, "row"),
        ("mandelbrot", {"width": 101}, "width"),
        ("mandelbrot", {"height": 0}, "height"),
        ("mandelbrot", {"limit": 0}, "limit"),
        ("mandelbrot", {"limit": 1001}, "limit"),
        ("n-queens", {"size": 13}, "size"),
        ("n-queens", {"size": 0, "rows": []}, "size"),
        ("n-queens", {"size": 12, "rows": [0]}, "rows"),
        ("n-queens", {"size": 3, "rows": [0, 2, 1, 0]}, "rows"),
        ("n-queens", {"size": 12, "rows": [0, 12]}, "rows"),
        ("n-queens", {"size": 12, "rows": [3, 3]}, "rows"),
        ("n-queens", {"size": 12, "rows": [3, 4]}, "rows"),
        ("n-queens", {"size": 12, "rows": [4, 0, 2]}, "rows"),
        ("prime-count", {"from": -1, "to": 10}, "from"),
        ("prime-count", {"from": 9900000.5}, "from"),
        ("prime-count", {"to": 10000001}, "to"),
        ("prime-count", {"to": 9900000}, "to"),
        ("prime-count", {"from": 9899999}, "to"),
    ],
)
def test_variable_out_of_range_is_refused_by_name(slug, changes, field):
    variable = {**list(job_of(slug).variables.values())[-1], **changes}
    assert is_refusal(judge_variable(job_of(slug), json.dumps(variable)), field)


@pytest.mark.parametrize(
    ("slug", "changes"),
    [
        ("hash-of-hashes", {"strings": ["a" * 1000] * 100}),
        ("mandelbrot", {"left": -0.5, "top": 0.25, "step": 0.0001, "column": 0, "row": 0}),
        ("mandelbrot", {"left": -4, "top": 4, "step": 1}),
        ("n-queens", {"size": 10, "rows": []}),
        ("n-queens", {"size": 1, "rows": [0]}),
        ("prime-count", {"from": 9900000}),
    ],
)
def test_costliest_variable_is_judged_within_the_limit(slug, changes):
    job = job_of(slug)
    variable = {**list(job.variables.values())[-1], **changes}
    assert judge_variable(job, json.dumps(variable)) is True
    (result,) = execute(job, [variable])
    started = time.process_time()
    assert in_quickjs(job.source["validate_result"], json.dumps(variable), json.dumps(result), "{}")["valid"]
    assert time.process_time() - started < SERVER_CPU_SECONDS


# Hash of hashes


def java_hash(values):
    """String.hashCode by its definition, a polynomial, rather than by its loop."""
    total = sum(value * 31**power for power, value in enumerate(reversed(values)))
    return (total + 2**31) % 2**32 - 2**31


def code_units(string):
    encoded = string.encode("utf-16-le")
    return [int.from_bytes(encoded[place : place + 2], "little") for place in range(0, len(encoded), 2)]


def test_hashes_equal_an_independent_implementation():
    for variable_id, result in results_of("hash-of-hashes").items():
        strings = job_of("hash-of-hashes").variables[variable_id]["strings"]
        assert result["hashes"] == [java_hash(code_units(string)) for string in strings]


def test_hash_of_hashes_equals_an_independent_implementation():
    for result in results_of("hash-of-hashes").values():
        assert result["hash"] == java_hash(result["hashes"])


@pytest.mark.parametrize(
    ("string", "expected"),
    [("", 0), ("Aa", 2112), ("BB", 2112), ("polygenelubricants", -(2**31)), ("😀", 1772899)],
)
def test_known_hashes(string, expected):
    assert execute(job_of("hash-of-hashes"), [{"strings": [string]}])[0]["hashes"] == [expected]


# Prime count


def test_segments_cover_ten_million():
    segments = [(variable["from"], variable["to"]) for variable in job_of("prime-count").variables.values()]
    assert segments == [(start, start + 10**5) for start in range(0, 10**7, 10**5)]


@pytest.mark.parametrize(("field", "total"), [("count", 664_579), ("twins", 58_980)])
def test_primes_add_up(field, total):
    assert sum(result[field] for result in results_of("prime-count").values()) == total


@pytest.mark.parametrize(("field", "total"), [("count", 664_579), ("twins", 58_980)])
def test_primes_promised_are_the_known_totals(field, total):
    assert job_of("prime-count").document["metadata"]["totals"][field] == total


def is_prime(number):
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def count_primes(start, end):
    primes = [number for number in range(start, end) if is_prime(number)]
    return {"count": len(primes), "twins": sum(is_prime(prime + 2) for prime in primes)}


SHORT_SEGMENTS = [
    *itertools.combinations(range(13), 2),
    *itertools.combinations((9999930, 9999931, 9999971, 9999973, 9999991, 9999992, 10000000), 2),
    *((square - 1, square + 1) for square in (25, 49, 3137**2, 3163**2 - 5000)),
]


def test_short_segments_equal_trial_division():
    results = execute(job_of("prime-count"), [{"from": start, "to": end} for start, end in SHORT_SEGMENTS])
    assert results == [count_primes(start, end) for start, end in SHORT_SEGMENTS]


def test_short_segments_are_judged_right():
    source = job_of("prime-count").source["validate_result"]
    for start, end in SHORT_SEGMENTS:
        result = count_primes(start, end)
        verdict = in_quickjs(source, json.dumps({"from": start, "to": end}), json.dumps(result), "{}")
        assert verdict == {"valid": True, "result": result}


def test_small_primes_are_kept_in_the_context():
    source = f"(variables) => variables.map((variable) => ({job_of('prime-count').source['execute_function']}\n)"
    source += "(variable, globalThis.kept ??= {}).primes.list)"
    large, small = in_v8(source, [json.dumps([{"from": 9900000, "to": 10000000}, {"from": 0, "to": 100000}])])[0]
    assert large == small


# N queens


@pytest.mark.parametrize(("size", "total"), [(8, 92), (12, 14_200)])
def test_solutions_add_up(size, total):
    job = job_of("n-queens")
    counts = [results_of("n-queens")[key]["count"] for key, value in job.variables.items() if value["size"] == size]
    assert sum(counts) == total


@pytest.mark.parametrize(("size", "total"), [(8, 92), (12, 14_200)])
def test_solutions_promised_are_the_known_totals(size, total):
    assert job_of("n-queens").document["metadata"]["totals"][str(size)] == total


def test_placements_are_all_that_do_not_attack():
    placements = [(value["size"], *value["rows"]) for value in job_of("n-queens").variables.values()]
    pairs = [(12, *rows) for rows in itertools.product(range(12), repeat=2) if abs(rows[0] - rows[1]) > 1]
    assert placements == [*((8, row) for row in range(8)), *pairs]


def test_mirrored_placements_have_as_many_solutions():
    variables, results = job_of("n-queens").variables.values(), results_of("n-queens").values()
    counts = {
        (value["size"], *value["rows"]): result["count"] for value, result in zip(variables, results, strict=True)
    }
    assert counts == {(size, *(size - 1 - row for row in rows)): count for (size, *rows), count in counts.items()}


@pytest.mark.parametrize(("size", "total"), list(enumerate([1, 0, 0, 2, 10, 4, 40, 92], start=1)))
def test_small_boards_have_the_known_numbers(size, total):
    assert execute(job_of("n-queens"), [{"size": size, "rows": []}]) == [{"count": total}]


# Mandelbrot


def count_steps(tile, x, y):
    """The count of one pixel with Python's complex numbers' parts: doubles too, rounded alike."""
    c_real = tile["left"] + (tile["column"] + x) * tile["step"]
    c_imag = tile["top"] - (tile["row"] + y) * tile["step"]
    real = imag = 0.0
    for count in range(tile["limit"]):
        if real * real + imag * imag > 4:
            return count
        real, imag = real * real - imag * imag + c_real, 2 * real * imag + c_imag
    return tile["limit"]


def test_tiles_cover_the_picture():
    picture = job_of("mandelbrot").document["metadata"]["picture"]
    pixels = set()
    for tile in job_of("mandelbrot").variables.values():
        columns = range(tile["column"], tile["column"] + tile["width"])
        pixels.update(itertools.product(columns, range(tile["row"], tile["row"] + tile["height"])))
    assert pixels == set(itertools.product(range(picture["width"]), range(picture["height"])))


def test_sampled_pixels_equal_an_independent_implementation():
    sample = random.Random(1980)
    for variable_id, tile in job_of("mandelbrot").variables.items():
        rows = results_of("mandelbrot")[variable_id]["rows"]
        for _ in range(25):
            x, y = sample.randrange(tile["width"]), sample.randrange(tile["height"])
            assert int(rows[y][2 * x : 2 * x + 2], 36) == count_steps(tile, x, y)


def test_picture_is_its_own_mirror_image():
    columns = [
        [row for line in range(6) for row in results_of("mandelbrot")[f"tile-{column:02}-{line:02}"]["rows"]]
        for column in range(8)
    ]
    assert all(rows[1:] == rows[:0:-1] for rows in columns)


def test_distance_of_exactly_two_has_not_run_away():
    tile = {"left": 2, "top": 0, "step": 1, "column": 0, "row": 0, "width": 1, "height": 1, "limit": 9}
    job = job_of("mandelbrot")
    assert execute(job, [tile]) == [{"rows": ["02"]}]
    lies = [in_quickjs(job.source["validate_result"], json.dumps(tile), f"{{rows: ['0{n}']}}") for n in (1, 3)]
    assert all(is_refusal(verdict, "rows") for verdict in lies)


def test_small_tile_is_as_wide_and_high_as_asked():
    tile = {**job_of("mandelbrot").variables["tile-00-00"], "width": 3, "height": 2}
    assert [len(row) for row in execute(job_of("mandelbrot"), [tile])[0]["rows"]] == [6, 6]
