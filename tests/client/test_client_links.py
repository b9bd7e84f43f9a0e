"""The client follows links by name, under any prefix, and sends its credentials."""

from urllib.parse import urljoin

import pytest
from comp_pool.client import Client
from comp_pool.errors import ForeignResponse, MissingLink, PoolError, Unreachable
from comp_pool.links import Document, Values, expand, resolve
from comp_pool.retry_policy import Retries
from fake_pool import FakePool
from hypothesis import given
from hypothesis import strategies as st

ADD = "function (variable, context) { context.result = variable.a + 1; return context; }"
TEMPLATE = "/jobs/scheduled{/scheduler}{?owner*,can*,memory_mb}"


def test_the_template_without_values_is_the_bare_path() -> None:
    assert expand(TEMPLATE, {}) == "/jobs/scheduled"


def test_the_template_takes_several_owners() -> None:
    assert expand(TEMPLATE, {"owner": ["ada", "b&c"]}) == "/jobs/scheduled?owner=ada&owner=b%26c"


@pytest.mark.parametrize(
    ("values", "query"),
    [
        ({"memory_mb": "512"}, "?memory_mb=512"),
        ({"can": ["wasm", "webgpu"]}, "?can=wasm&can=webgpu"),
        ({"memory_mb": "512", "owner": ["ada"], "can": ("wasm",)}, "?owner=ada&can=wasm&memory_mb=512"),
    ],
)
def test_the_template_determines_the_order_of_values(values: Values, query: str) -> None:
    assert expand(TEMPLATE, values) == "/jobs/scheduled" + query


@pytest.mark.parametrize(
    ("template", "expanded"),
    [("{a,b}", "1,2"), ("{/a,b}", "/1/2"), ("{/none,b}", "/2"), ("x{?none}", "x"), ("x?y{&a,none}", "x?y&a=1")],
)
def test_an_expression_may_hold_several_names(template: str, expanded: str) -> None:
    assert expand(template, {"a": "1", "b": "2"}) == expanded


def test_the_template_escapes_the_scheduler() -> None:
    assert expand(TEMPLATE, {"scheduler": "a/../b"}) == "/jobs/scheduled/a%2F..%2Fb"


def test_links_may_be_strings_or_hal_objects() -> None:
    document = Document("http://pool/x/", {"_links": {"plain": "y", "hal": {"href": "/z"}}})
    assert (document.link("plain"), document.link("hal")) == ("http://pool/x/y", "http://pool/z")


def test_a_missing_link_is_named() -> None:
    with pytest.raises(MissingLink, match="'progress'"):
        Document("http://pool/", {}).link("progress")


def test_a_job_is_scheduled_from_the_root(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    job = client.scheduled_job()
    assert isinstance(job, Document)
    assert job.content["id"] == "adder"


def test_a_job_is_scheduled_by_owner(pool: FakePool, client: Client) -> None:
    pool.add_job("of-ada", ADD, metadata={"owner": "ada"})
    pool.add_job("of-eve", ADD, metadata={"owner": "eve"})
    job = client.scheduled_job(owners=["eve"])
    assert isinstance(job, Document)
    assert job.content["id"] == "of-eve"


def test_a_named_scheduler_is_requested(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    client.scheduled_job(scheduler="short-first")
    assert pool.received("GET", "^/jobs/scheduled/short-first$")


def test_capabilities_are_sent_to_the_scheduler(pool: FakePool, client: Client) -> None:
    client.scheduled_job(owners=["ada"], can=["wasm", "wasm_simd"], memory_mb=512)
    sent = {"owner": ["ada"], "can": ["wasm", "wasm_simd", "json_variables"], "memory_mb": ["512"]}
    assert pool.received("GET", "^/jobs/scheduled$")[0].query == sent


def test_capabilities_are_not_sent_without_a_template_for_them(pool: FakePool, client: Client) -> None:
    pool.scheduled = "/jobs/scheduled{/scheduler}{?owner*}"
    client.scheduled_job(owners=["ada"], can=["wasm"], memory_mb=512)
    assert pool.received("GET", "^/jobs/scheduled$")[0].query == {"owner": ["ada"]}


def test_no_job_is_falsy_and_has_a_retry_time(pool: FakePool, client: Client) -> None:
    no_work = client.scheduled_job()
    assert not no_work
    assert no_work.retry_after == pool.retry_after


def test_a_pool_may_be_mounted_under_a_prefix() -> None:
    with FakePool(prefix="/some/pool") as pool, Client(pool.url) as client:
        pool.add_job("adder", ADD, [{"a": 1}])
        lease = client.lease(client.job("adder"))
        client.post_result(lease, 2)
        assert pool.jobs["adder"].results["0000"]["result"] == 2


def test_the_index_is_iterated_over_all_its_pages(pool: FakePool, client: Client) -> None:
    for number in range(5):
        pool.add_job(f"job-{number}", ADD)
    assert [job.content["id"] for job in client.jobs()] == [f"job-{number}" for number in range(5)]


def test_a_job_is_found_by_the_root_s_template(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    assert client.job("adder").content["execute_function"] == ADD
    assert not pool.received("GET", "index")


def test_without_a_template_a_job_is_found_in_the_index(pool: FakePool, client: Client) -> None:
    pool.links_jobs = False
    for number in range(3):
        pool.add_job(f"job-{number}", ADD)
    assert client.job("job-2").content["execute_function"] == ADD


@pytest.mark.parametrize("links_jobs", [True, False])
def test_an_unknown_job_is_404(pool: FakePool, client: Client, links_jobs: bool) -> None:
    pool.links_jobs = links_jobs
    with pytest.raises(PoolError) as caught:
        client.job("nobody")
    assert caught.value.status == 404


def test_a_lease_holds_no_reserved_fields_in_its_data(pool: FakePool, client: Client) -> None:
    job = pool.add_job("adder", ADD, [{"a": 1}])
    job.contexts["0000"] = {"from": "flow"}
    lease = client.lease(client.job("adder"))
    assert (lease.data, lease.context, lease.name) == ({"a": 1}, {"from": "flow"}, "0000")


def test_a_lease_has_its_remaining_time(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD, [{"a": 1}])
    lease = client.lease(client.job("adder"))
    assert 29 < lease.remaining <= 30


def test_no_variable_is_falsy_and_has_a_retry_time(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    no_work = client.lease(client.job("adder"))
    assert not no_work
    assert no_work.retry_after == pool.retry_after


def test_a_lease_given_back_is_served_again(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD, [{"a": 1}])
    job = client.job("adder")
    client.give_back(client.lease(job))
    assert client.lease(job)


def test_an_extended_lease_has_new_links(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD, [{"a": 1}])
    lease = client.lease(client.job("adder"))
    assert client.extend(lease).link("post_result") != lease.link("post_result")


def test_a_result_carries_its_run_time(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD, [{"a": 1}])
    client.post_result(client.lease(client.job("adder")), 2, run_seconds=1.5)
    assert pool.received("POST", "results$")[0].headers["Run-Seconds"] == "1.500000"


def test_a_stored_result_has_its_location(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD, [{"a": 1}])
    stored = client.post_result(client.lease(client.job("adder")), 2)
    assert stored.link("self").endswith("/jobs/adder/variables/0000/results/20261122")


def test_a_job_is_posted(pool: FakePool, client: Client) -> None:
    posted = client.post_job({"name": "new", "execute_function": ADD})
    assert posted.link("self") == pool.url + "jobs/new"


def test_a_variable_is_posted(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    client.post_variable(client.job("adder"), {"a": 1})
    assert pool.jobs["adder"].variables == {"0000": {"a": 1}}


def test_many_variables_are_one_ndjson_request(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    client.post_variables(client.job("adder"), ({"a": number} for number in range(3)))
    (request,) = pool.received("POST", "variables$")
    assert request.headers["Content-Type"] == "application/x-ndjson"
    assert request.headers["Idempotency-Key"]
    assert len(pool.jobs["adder"].variables) == 3


def test_more_variables_than_one_request_takes_are_several(
    pool: FakePool, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comp_pool.client.BATCH_BYTES", 30)
    pool.add_job("adder", ADD)
    ids = client.post_variables(client.job("adder"), ({"a": number} for number in range(10)))
    assert ids == [f"{number:04}" for number in range(10)]
    assert [len(request.body.splitlines()) for request in pool.received("POST", "variables$")] == [3, 3, 3, 1]


def test_a_variable_is_put_under_a_chosen_id(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD)
    client.put_variable(client.job("adder"), "test_limit_case", {"a": 1})
    assert pool.jobs["adder"].variables == {"test_limit_case": {"a": 1}}


def test_progress_is_the_job_counts(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD, [{"a": 1}])
    assert client.progress(client.job("adder")) == {"open": 1, "done": 0}


def test_results_are_iterated(pool: FakePool, client: Client) -> None:
    pool.add_job("adder", ADD, [{"a": 1}])
    job = client.job("adder")
    client.post_result(client.lease(job), 2)
    assert [result.content["result"] for result in client.results(job)] == [2]


def test_the_volunteer_and_the_key_are_sent(pool: FakePool) -> None:
    with Client(pool.url, key="secret", volunteer="a-volunteer-of-this-pool") as client:
        client.root()
    headers = pool.requests[0].headers
    assert (headers["Authorization"], headers["Volunteer"]) == ("Bearer secret", "a-volunteer-of-this-pool")


def test_a_link_to_another_origin_is_not_followed(pool: FakePool) -> None:
    with FakePool() as stranger, Client(pool.url, key="secret") as client:
        with pytest.raises(PoolError, match="not an address of this pool"):
            client.follow(Document(pool.url, {"_links": {"away": stranger.url}}), "away")
        assert stranger.requests == []


def test_a_redirect_to_another_origin_is_not_followed(pool: FakePool) -> None:
    with FakePool() as stranger, Client(pool.url, volunteer="a-volunteer-of-this-pool") as client:
        pool.inject_fault("GET", "/$", 302, Location=stranger.url)
        with pytest.raises(ForeignResponse, match=f"a redirect to {stranger.url}"):
            client.root()
        assert stranger.requests == []


def test_a_redirect_within_the_pool_is_followed(pool: FakePool) -> None:
    with Client(pool.url) as client:
        pool.inject_fault("GET", "/$", 302, Location=pool.url)
        assert client.root().has("self")


@pytest.mark.parametrize("status", [302, 307])
def test_a_post_is_not_redirected(pool: FakePool, status: int) -> None:
    pool.add_job("adder", ADD)
    with Client(pool.url) as client:
        job = client.job("adder")
        pool.inject_fault("POST", "variables$", status, Location=pool.url)
        with pytest.raises(PoolError):
            client.post_variable(job, {"a": 1})


@pytest.mark.parametrize("href", ["http://[bad", "file:///etc/passwd", "http://127.0.0.1:99999/"])
def test_a_link_that_is_no_url_is_an_error_of_the_pool(pool: FakePool, href: str) -> None:
    with Client(pool.url) as client, pytest.raises((PoolError, MissingLink)):
        client.follow(Document(pool.url, {"_links": {"odd": href}}), "odd")


def test_a_response_above_the_size_limit_is_refused(pool: FakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comp_pool.response.MAX_BYTES", 100)
    with Client(pool.url) as client, pytest.raises(PoolError, match="larger than 100 bytes"):
        client.root()


def test_a_response_above_the_time_limit_is_abandoned(pool: FakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comp_pool.response.MAX_SECONDS", -1.0)
    retries = Retries(attempts=1)
    with Client(pool.url, retries=retries) as client, pytest.raises(Unreachable, match="took longer"):
        client.root()


BASES = ["http://pool", "http://pool:1/", "HTTPS://Pool/x/y?z#w", "http://pool/a/;b", "", "/a/b"]
PART = st.text("abZ9_-.~%:@+?&=,é;# ", min_size=1, max_size=6)
PATHS = st.lists(PART, max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(st.sampled_from(BASES), PATHS)
def test_links_are_resolved_as_by_urljoin(base: str, reference: str) -> None:
    assert resolve(base, reference) == urljoin(base, reference)


@pytest.mark.parametrize(
    "reference", ["", "x", "../x", "/a/../b", "//o/a", "/a//b", "/a?", "/a\tb", " /a", "http://o/a"]
)
def test_other_references_are_resolved_as_by_urljoin(reference: str) -> None:
    base = "http://pool/jobs/one?count=2"
    assert resolve(base, reference) == urljoin(base, reference)
