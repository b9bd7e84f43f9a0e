"""The demo job mandelbrot, compared with an implementation in Python."""

import itertools
import json
import random

import pytest

from tests.data.demo import execute, in_quickjs, is_rejection, job_of, results_of, validate_result

pytestmark = pytest.mark.xdist_group("mandelbrot")


def count_steps(tile, x, y):
    """The count of one pixel, with the same double arithmetic as JavaScript."""
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


def test_the_picture_is_symmetric():
    columns = [
        [row for line in range(6) for row in results_of("mandelbrot")[f"tile-{column:02}-{line:02}"]["rows"]]
        for column in range(8)
    ]
    assert all(rows[1:] == rows[:0:-1] for rows in columns)


def test_a_point_at_a_distance_of_two_has_not_escaped():
    tile = {"left": 2, "top": 0, "step": 1, "column": 0, "row": 0, "width": 1, "height": 1, "limit": 9}
    job = job_of("mandelbrot")
    assert execute(job, [tile]) == [{"rows": ["02"]}]
    calls = [f"{json.dumps(tile)}, {{rows: ['0{count}']}}" for count in (1, 3)]
    assert all(is_rejection(verdict, "rows") for verdict in in_quickjs(job.source["validate_result"], calls))


def test_a_small_tile_has_the_requested_width_and_height():
    tile = {**job_of("mandelbrot").variables["tile-00-00"], "width": 3, "height": 2}
    assert [len(row) for row in execute(job_of("mandelbrot"), [tile])[0]["rows"]] == [6, 6]


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


def is_rejected(variable_id, rows):
    return is_rejection(validate_result(job_of("mandelbrot"), variable_id, json.dumps({"rows": rows})), "rows")


@pytest.mark.parametrize("error", [-1, 1])
@pytest.mark.parametrize("pixel", [(0, 0), (99, 0), (42, 57), (99, 99)])
def test_a_single_pixel_off_by_one_is_rejected_in_a_tile_of_low_counts(pixel, error):
    rows = results_of("mandelbrot")["tile-00-00"]["rows"]
    assert is_rejected("tile-00-00", repaint(rows, lambda count: count + error, [pixel]))


@pytest.mark.parametrize("invented", [1, 999])
def test_invented_pixels_are_rejected_in_a_tile_of_high_counts(invented):
    # The validator samples pixels: that it misses all of these is less likely than once in 10 ** 38.
    pixels = list(itertools.product(range(100), range(100)))[::5]
    rows = repaint(results_of("mandelbrot")["tile-04-02"]["rows"], lambda count: invented, pixels)
    assert is_rejected("tile-04-02", rows)


@pytest.mark.parametrize("pixel", ["00", "rt", "zz", "AA", "-1", "1.", "é0", "\n1", " 1"])
def test_a_pixel_out_of_range_is_rejected(pixel):
    rows = results_of("mandelbrot")["tile-04-02"]["rows"]
    assert is_rejected("tile-04-02", [rows[0][:-2] + pixel, *rows[1:]])


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
def test_a_tile_of_another_shape_is_rejected(change):
    assert is_rejected("tile-04-02", change(results_of("mandelbrot")["tile-04-02"]["rows"]))
