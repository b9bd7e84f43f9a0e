"""A volunteer in Node at a pool whose variables are JSON values of every type."""

from __future__ import annotations

from node_process import run_node

from tests.conftest import MakeLocalServer
from tests.json_variables import VALUES, expected, post_json_variables, results

VOLUNTEER = """
import { volunteer } from "./index.js";
const [root, units] = process.argv.slice(1);
const helper = volunteer(root);
helper.on("progress", ({ totals }) => totals.units >= units && helper.stop());
await helper.start();
"""


def test_the_function_gets_each_value_as_it_was_posted(make_local_server: MakeLocalServer) -> None:
    server = make_local_server()
    job = post_json_variables(server)
    run_node("--input-type=module", "--eval", VOLUNTEER, server.url, str(len(VALUES)))
    assert results(server, job) == expected()
