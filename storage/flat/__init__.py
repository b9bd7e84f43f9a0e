"""The flat files: a tree of JSON documents and markers that mirrors the URIs.

    jobs/<job>/job.json
    jobs/<job>/variables/<shard>/<variable>.json            the input
    jobs/<job>/results/<shard>/<variable>.json              its one outcome: a result, or its withdrawal
    jobs/<job>/rejected/<shard>/<variable>/<result>.json    rejected results, with the reason
    jobs/<job>/rejected/<shard>/<variable>@held/<result>.json   held results that were thrown back
    jobs/<job>/held/<variable>/<result>.json                results that do not count yet
    jobs/<job>/audits/<audit>.json                          batches of held results, and what was drawn from them
    jobs/<job>/queue/open/<shard>/<variable>                markers: the state of the work
    jobs/<job>/queue/leased/<deadline>/<variable>
    jobs/<job>/queue/failed/<shard>/<variable>
    jobs/<job>/queue/held/<variable>
    jobs/<job>/journal/{variables,events}.ndjson            one appended line per event, in order
    jobs/<job>/tally.json                                   counts: the sum of the journals, so that counting is cheap
    jobs/<job>/watched                                      marker: the next change of the job is to be logged
    changes.ndjson                                          the log of changes of jobs
    jobs/<job>/flows/<flow>                                 markers: references to the flows that use the job
    jobs/<job>/taken/<shard>/<variable>.json                reservations of variables for flows
    flows/<flow>/flow.json                                  the tree as it was posted
    flows/<flow>/<level>/{started,merged}.json              the skipped entries of a level; its merged result
    flows/<flow>/<level>/settled/<entry>.json               finished entries
    flows/<flow>/blocked.json                               the failed steps for which it waits
    flows/<flow>/outcome.json                               how the flow ended
    flows/<flow>/running, news/<name>                       markers: it runs; its inbox, one marker per signal
    flow-claims/<shard>/<digest>.json                       flows by idempotency key
    flows-behind/<flow>                                     the pool's inbox: flows with work left
    flows-blocked/<flow>                                    flows that wait for a failed variable
    moving/<job>.json                                       a job that gets the variables of the one that it replaces
    posters/<prefix>/<job>.json, posters/total.json         what anonymous posters have stored
    quotas/<key>/<job>.json, quotas/total.json              what the holders of keys with quotas have
    keys/<digest>.json, secrets/<name>
    activity.ndjson, profiles.ndjson                        logs of what volunteers do, and of their display names
    activity.ndjson.lock …                                  held by the process that compacts the log
    codes/<digest>.json                                     codes by which a second device joins
    tmp/<process>/…                                         workspaces: documents not yet in place; see `writer`
    tmp/<process>/commits-<n>.log                           outcomes made durable together; see `commit_log`
    processes/<process>.json                                what each process says of itself, for the operator
    housekeeping/<task>, housekeeping/progress.json         pending work in the background
    trash/…, damaged/…                                      deleted jobs; files set aside by `check`

Documents are the truth; the rest is derived. Two transactions decide everything: `rename` of a marker leases a
variable; `link` of an outcome to its name, under a lock on the variable's document, finishes it. Each has one winner
among any number of processes.
"""

from storage.flat.store import FlatStore

__all__ = ["FlatStore"]
