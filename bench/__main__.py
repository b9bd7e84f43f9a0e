"""`python -m bench`: runs the benchmarks. Compare the ratios: times depend on the machine."""

from __future__ import annotations

import argparse

from bench import (
    abuse_open,
    activity_log,
    browser,
    classroom,
    crash,
    cycle,
    failures,
    flows,
    front_door,
    http,
    journal,
    lease,
    live,
    many_jobs,
    map_command,
    peers,
    processes,
    report,
    sandbox,
    share,
    strangers,
    trust,
    trust_pool,
    trust_speed,
    trust_store,
    watchers,
    work,
)

BENCHMARKS = {
    "lease": lease.run,
    "processes": processes.run,
    "journal": journal.run,
    "many-jobs": many_jobs.run,
    "http": http.run,
    "flows": flows.run,
    "browser": browser.run,
    "share": share.run,
    "live": live.run,
    "strangers": strangers.run,
    "sandbox": sandbox.run,
    "report": report.run,
    "abuse-open": abuse_open.run,
    "classroom": classroom.run,
    "failures": failures.run,
    "front-door": front_door.run,
    "activity-log": activity_log.run,
    "crash": crash.run,
    "cycle": cycle.run,
    "watchers": watchers.run,
    "work": work.run,
    "peers": peers.run,
    "trust": trust.run,
    "trust-pool": trust_pool.run,
    "map": map_command.run,
    "trust-speed": trust_speed.run,
    "trust-store": trust_store.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="benchmark", help=f"one of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--directory", default="/var/tmp", help="on the disk to measure (%(default)s)")
    parser.add_argument("--small", type=int, default=1000, help="variables of the small job (%(default)s)")
    parser.add_argument("--large", type=int, default=1_000_000, help="variables of the large job (%(default)s)")
    parser.add_argument("--leases", type=int, default=5000, help="leases measured per job (%(default)s)")
    parser.add_argument(
        "--variables", type=int, default=100_000, help="variables of `processes` and `map` (%(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="duration of each run of `processes` (%(default)s)")
    parser.add_argument("--events", type=int, default=1_000_000, help="events of `journal` (%(default)s)")
    parser.add_argument("--checked", type=int, default=200_000, help="variables checked by `journal` (%(default)s)")
    parser.add_argument("--requests", type=int, default=1000, help="requests per client of `http` (%(default)s)")
    parser.add_argument(
        "--cases", default="", help="those of `share`, such as nothing/0.05/0.2,timers (all by default)"
    )
    parser.add_argument("--kills", type=int, default=100, help="kills of `crash` (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices of `crash` (%(default)s)")
    parser.add_argument("--units", type=int, default=20_000, help="units per run of `work` (%(default)s)")
    parser.add_argument(
        "--sizes", type=cycle.parsed_sizes, default="1000,100000,1000000", help="variables of the jobs of `cycle`"
    )
    parser.add_argument("--trust-store-units", type=int, default=4000, help="units of `trust-store` (%(default)s)")
    parser.add_argument("--trust-units", type=int, default=60_000, help="units of each case of `trust` (%(default)s)")
    parser.add_argument(
        "--checkout", help="another version, which `strangers`, `abuse-open`, `activity-log` and `work` compare"
    )
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"unknown benchmark {sorted(unknown)[0]!r}: choose from {', '.join(BENCHMARKS)}")
    for name in options.names or BENCHMARKS:
        BENCHMARKS[name](options)


if __name__ == "__main__":
    main()
